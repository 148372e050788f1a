package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBuildsOnce: each flavour is built, and a second run changes nothing.
func TestBuildsOnce(t *testing.T) {
	for _, tt := range []struct{ flavour, file, pc, cflags string }{
		{"static", "lib/libuv.a", "libuv-static", "-DUVGO_CALLOUTS"},
		{"plain", "lib/libuv.a", "libuv-static", ""},
		{"asan", "lib/libuv.a", "libuv-static", "-DUVGO_CALLOUTS"},
		{"ubsan", "lib/libuv.a", "libuv-static", "-DUVGO_CALLOUTS"},
		{"shared", "lib/libuv.so.1", "libuv", ""},
	} {
		t.Run(tt.flavour, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			if tt.flavour == "static" { // with all files
				if err := os.Remove(filepath.Join(m.dir, "sources.txt")); err != nil {
					t.Fatal(err)
				}
			}
			dir := strings.TrimSpace(m.must("-tarball", m.tarball, "-flavour", tt.flavour, "-print", "dir").stdout)
			if _, err := os.Stat(filepath.Join(dir, tt.file)); err != nil || !strings.HasPrefix(dir, m.cache) {
				t.Error(dir, err)
			}
			pc, err := os.ReadFile(filepath.Join(dir, tt.pc+".pc"))
			if err != nil || !strings.Contains(string(pc), "Cflags: -I${includedir}"+prefixed(tt.cflags)+"\n") {
				t.Errorf("%v\n%s", err, pc)
			}
			before := listing(t, m.cache)
			if r := m.must("-flavour", tt.flavour, "-print", "dir"); r.stderr != "" {
				t.Errorf("the second run says %q", r.stderr)
			}
			if diff := cmp.Diff(before, listing(t, m.cache)); diff != "" {
				t.Errorf("the second run changes the cache:\n%s", diff)
			}
		})
	}
}

func prefixed(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// TestBuildsInACheckout: the Makefile's paths.
func TestBuildsInACheckout(t *testing.T) {
	m := newMachine(t)
	dir := filepath.Join(m.dir, "check out")
	m.env = append(m.env, "LIBUV_TARBALL=stub.tar.gz")
	for flavour, file := range map[string]string{
		"static": "build/libuv-static.pc", "shared": "build-shared/libuv.pc", "plain": "build-plain/lib/libuv.a",
	} {
		if r := m.must("-checkout", dir, "-flavour", flavour); r.stdout != "" {
			t.Errorf("%s: it prints %q", flavour, r.stdout)
		}
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
	for file, want := range map[string]int64{"build/.stamp": 65, "src/.sha256": 65} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() != want {
			t.Error(file, info, err)
		}
	}
	before := listing(t, dir)
	if r := m.must("-checkout", dir); r.stderr != "" {
		t.Errorf("the second run says %q", r.stderr)
	}
	if diff := cmp.Diff(before, listing(t, dir)); diff != "" {
		t.Errorf("the second run changes the checkout:\n%s", diff)
	}
	if _, err := os.Stat(m.cache); err == nil {
		t.Error("it touches the user's cache")
	}

	// Other flags make another library in the same place.
	m.must("-checkout", dir, "-cflags", "-O0")
	if stamp, _ := os.ReadFile(filepath.Join(dir, "build/.stamp")); strings.Contains(strings.Join(before, ""), string(stamp)) || cmp.Equal(before, listing(t, dir)) {
		t.Error("other -cflags build nothing")
	}
}

// TestRefusals: each failure is said in a line, with what to do, and leaves nothing half made.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		prepare    func(m *machine) []string // returns the flags
	}{
		{"wrong checksum", `wrong checksum: .*other.tar.gz has SHA-256 [0-9a-f]{64}, but libuv.lock pins [0-9a-f]{64} \(stub0`, func(m *machine) []string {
			return []string{"-tarball", m.write("other.tar.gz", tarball(stub(map[string]string{"LICENSE": "none"})))}
		}},
		{"missing tarball", "nowhere.tar.gz does not exist", func(*machine) []string { return []string{"-tarball", "nowhere.tar.gz"} }},
		{"tarball is a directory", "is not a file", func(m *machine) []string { return []string{"-tarball", m.dir} }},
		{"broken tarball", "cannot unpack", func(m *machine) []string {
			m.lock(m.write("cut.tar.gz", tarball(stub(nil))[:100]))
			return []string{"-tarball", "cut.tar.gz"}
		}},
		{"hostile paths", `holds the path "libuv-stub/../../escaped", which is outside`, func(m *machine) []string {
			m.lock(m.write("bad.tar.gz", tarball(stub(map[string]string{"../../escaped": "x"}))))
			return []string{"-tarball", "bad.tar.gz"}
		}},
		{"another tarball", "no include/uv.h", func(m *machine) []string {
			m.lock(m.write("zlib.tar.gz", tarball(map[string]string{"zlib.c": "x"})))
			return []string{"-tarball", "zlib.tar.gz"}
		}},
		{"no compiler", `no C compiler: "no-such-cc" does not run.*apt-get install gcc libc6-dev`, func(m *machine) []string {
			return []string{"-tarball", m.tarball, "-cc", "no-such-cc"}
		}},
		{"CC is no compiler", `"/bin/echo" does not compile for linux/`, func(m *machine) []string {
			m.env = append(m.env, "CC=/bin/echo")
			return []string{"-tarball", m.tarball}
		}},
		{"no headers", "finds no headers of the C library.*apt-get install libc6-dev", func(m *machine) []string {
			return []string{"-tarball", m.tarball, "-cc", "gcc -nostdinc"}
		}},
		{"no headers of the kernel", "finds no headers of the kernel.*linux-libc-dev.*-idirafter", func(m *machine) []string {
			cc := m.script("musl-gcc", `if grep -q linux/errqueue; then echo "fatal error: linux/errqueue.h: No such file"; exit 1; fi <<END
$(cat)
END
exec gcc "$@" </dev/null`)
			return []string{"-tarball", m.tarball, "-cc", cc}
		}},
		{"compiler fails", `the C compiler failed \(.*idna.c:.*made to fail`, func(m *machine) []string {
			m.lock(m.write("bad.tar.gz", tarball(stub(map[string]string{"src/idna.c": "#error made to fail\n"}))))
			return []string{"-tarball", "bad.tar.gz"}
		}},
		{"a call goes past cuv", `udp.o still calls read: "gcc" does not do`, func(m *machine) []string {
			m.lock(m.write("bad.tar.gz", tarball(stub(map[string]string{"src/unix/udp.c": "#include <unistd.h>\nlong f(void) { return (read)(0, 0, 0); }\n"}))))
			return []string{"-tarball", "bad.tar.gz", "-cc", "gcc"}
		}},
		{"32 bits", "no libuv for GOARCH 386: uvgo needs a 64-bit system", func(*machine) []string { return []string{"-goarch", "386"} }},
		{"windows", "no libuv for windows", func(*machine) []string { return []string{"-goos", "windows"} }},
		{"no cross compiler", "no C compiler.*s390x-linux-gnu-gcc.*apt-get install gcc-s390x-linux-gnu", func(*machine) []string { return []string{"-goarch", "s390x"} }},
		{"the machine's compiler for another", `"gcc" does not compile for linux/s390x: .*such as s390x-linux-gnu-gcc`, func(*machine) []string {
			return []string{"-goarch", "s390x", "-cc", "gcc"}
		}},
		{"no go", "no 'go' on PATH", func(m *machine) []string {
			m.env = append(m.env, "PATH="+m.dir)
			return nil
		}},
		{"the cache is a file", "cannot write to .*-dir", func(m *machine) []string { return []string{"-tarball", m.tarball, "-dir", m.tarball} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			r := m.run(tt.prepare(m)...)
			lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
			if last := lines[len(lines)-1]; r.status != 1 || !regexp.MustCompile(tt.want).MatchString(last) || !strings.HasPrefix(last, "libuv: ") || len(lines) > 2 {
				t.Errorf("status %d, want %q:\n%s", r.status, tt.want, r.stderr)
			}
			m.nothingLeft(t)
			if _, err := os.Stat(filepath.Join(m.dir, "escaped")); err == nil {
				t.Error("a file has left the tarball's directory")
			}
		})
	}
}

// asNobody makes a command run as an ordinary user, who may do less than root.
func asNobody(t *testing.T, m *machine, cmd *exec.Cmd) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	for dir := m.dir; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Dir(cmd.Path), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

func TestSaysWhatItMayNotReadOrWrite(t *testing.T) {
	m := newMachine(t)
	secret := m.write("secret.tar.gz", tarball(stub(nil)))
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(m.dir, "open")
	if err := os.Mkdir(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil { // whatever the umask
		t.Fatal(err)
	}
	closed := filepath.Join(m.dir, "closed")
	if err := os.Mkdir(closed, 0o555); err != nil {
		t.Fatal(err)
	}
	m.env = append(m.env, "GOCACHE="+open, "GOENV=off", "HOME="+open, "TMPDIR="+open)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-dir", open, "-tarball", secret}, "cannot be read: correct its permissions"},
		{[]string{"-dir", closed, "-tarball", m.tarball}, "cannot write to " + closed},
		{[]string{"-dir", filepath.Join(closed, "new"), "-tarball", m.tarball}, "cannot write to " + closed},
	} {
		cmd := m.command(tt.args...)
		asNobody(t, m, cmd)
		if r := m.runs(cmd); r.status != 1 || !strings.Contains(r.stderr, tt.want) || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%v: status %d, want %q:\n%s", tt.args, r.status, tt.want, r.stderr)
		}
	}
}

// TestCrossCompiles builds for another machine, if there is a compiler for it.
func TestCrossCompiles(t *testing.T) {
	if _, err := exec.LookPath("aarch64-linux-gnu-gcc"); err != nil {
		t.Skip("no aarch64-linux-gnu-gcc here (Debian: apt-get install gcc-aarch64-linux-gnu)")
	}
	m := newMachine(t)
	r := m.must("-tarball", m.tarball, "-goarch", "arm64")
	for _, want := range []string{"export GOARCH='arm64'", "export CC='aarch64-linux-gnu-gcc'", "export CGO_ENABLED='1'"} {
		if !strings.Contains(r.stdout, want+"\n") {
			t.Errorf("no %s in\n%s", want, r.stdout)
		}
	}
	dir := strings.TrimSpace(m.must("-goarch", "arm64", "-print", "dir").stdout)
	cmd := exec.Command("ar", "x", filepath.Join(dir, "lib/libuv.a"), "version.o")
	cmd.Dir = m.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	f, err := elf.Open(filepath.Join(m.dir, "version.o"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Machine != elf.EM_AARCH64 {
		t.Errorf("the library is for %v", f.Machine)
	}
}
