package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// user is a module of a user's that needs libuv, and cgo without it.
var user = map[string]string{
	"go.mod": "module example.com/user\n\ngo 1.26\n",
	"main.go": `package main

/*
#cgo pkg-config: "--define-variable=if_libuv_is_not_found=run this" libuv-static
#include <uv.h>
*/
import "C"

func main() { println("libuv", int(C.uv_version())) }
`,
}

// goBuild builds and runs the user's module, and returns what go build and the program print.
func (m *machine) goBuild(t *testing.T, env ...string) string {
	t.Helper()
	for name, text := range user {
		m.write("user/"+name, []byte(text))
	}
	cmd := exec.Command("go", "build", "-o", "prog", ".")
	cmd.Dir = filepath.Join(m.dir, "user")
	cmd.Env = append(append(cmd.Environ()[:0], m.env...), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return string(out)
	}
	out, err := exec.Command(filepath.Join(cmd.Dir, "prog")).CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// bare leaves the machine nothing but go, a C compiler and its binutils: no pkg-config.
func (m *machine) bare(t *testing.T) {
	t.Helper()
	bin := filepath.Join(m.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go", "gcc", "as", "ld", "ar"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("no %s here", name)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	m.env = append(m.env, "PATH="+bin)
}

const answer = "libuv 78336\n" // 1.50.0

// TestGoBuildFindsLibuv: on a machine without pkg-config -w is all that go build needs,
// and -u takes it back.
func TestGoBuildFindsLibuv(t *testing.T) {
	if testing.Short() {
		t.Skip("builds Go's C runtime with other flags: not under -short")
	}
	m := newMachine(t)
	m.bare(t)
	if out := m.goBuild(t); !strings.Contains(out, "executable file not found") {
		t.Fatalf("before: %s", out)
	}
	m.must("-tarball", m.tarball, "-w")
	if out := m.goBuild(t); out != answer {
		t.Errorf("with -w: %s", out)
	}
	m.must("-u")
	if out := m.goBuild(t); !strings.Contains(out, "executable file not found") {
		t.Errorf("after -u: %s", out)
	}
	// Of a cache whose path has a space in it.
	dir := filepath.Join(m.dir, "it's in here")
	m.must("-tarball", m.tarball, "-w", "-dir", dir)
	if out := m.goBuild(t); out != answer {
		t.Errorf("with -w -dir: %s", out)
	}
}

// TestExports: a shell that reads the lines gets the values.
func TestExports(t *testing.T) {
	m := newMachine(t)
	m.env = append(m.env, "CGO_CFLAGS=-O1 '-DX=a b'")
	dir := filepath.Join(m.dir, "it's a $cache")
	r := m.must("-tarball", m.tarball, "-dir", dir)
	cmd := exec.Command("sh", "-c", r.stdout+`printf '%s|%s' "$PKG_CONFIG" "$CGO_CFLAGS"`)
	out, err := cmd.CombinedOutput()
	if want := regexp.MustCompile(`^"` + regexp.QuoteMeta(dir) + `/bin/uvgo-pkg-config"\|-O1 '-DX=a b' -DUVGO_LIBUV_STAMP=0x[0-9a-f]{8}$`); err != nil || !want.Match(out) {
		t.Errorf("%v: %s, want %v", err, out, want)
	}
	for shell, want := range map[string]string{
		"fish":       `set -gx PKG_CONFIG '"` + strings.ReplaceAll(dir, "'", `\'`) + "/bin/uvgo-pkg-config\"'\n",
		"powershell": `$env:PKG_CONFIG = '"` + strings.ReplaceAll(dir, "'", "''") + "/bin/uvgo-pkg-config\"'\n",
	} {
		if r := m.must("-dir", dir, "-shell", shell); !strings.HasPrefix(r.stdout, want) {
			t.Errorf("%s: %s, want %s", shell, r.stdout, want)
		}
	}
	// AddressSanitizer's library is not kept, and comes first while it is exported.
	r = m.must("-dir", dir, "-flavour", "asan")
	if !regexp.MustCompile(`(?m)^export PKG_CONFIG_PATH='.*-asan-[0-9a-f]{12}'$`).MatchString(r.stdout) {
		t.Errorf("asan:\n%s", r.stdout)
	}
}

// goEnv is what go keeps.
func (m *machine) goEnv(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"env"}, args...)...)
	cmd.Env, cmd.Dir = m.env, m.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go env %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestKeepsTheUsersValues: -w adds to them, a second -w adds nothing, and -u leaves them
// as they were.
func TestKeepsTheUsersValues(t *testing.T) {
	m := newMachine(t)
	mine := m.script("my-pkg-config", `echo "-DMINE"`)
	m.goEnv(t, "-w", "CGO_CFLAGS=-O3 '-DX=a  b'", "PKG_CONFIG="+mine, "CGO_LDFLAGS=-s")
	file := m.goEnv(t, "GOENV")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m.must("-tarball", m.tarball, "-w")
	if got := m.goEnv(t, "CGO_CFLAGS"); !regexp.MustCompile(`^-O3 '-DX=a  b' -DUVGO_LIBUV_STAMP=0x[0-9a-f]{8}$`).MatchString(got) {
		t.Errorf("CGO_CFLAGS is %q", got)
	}
	if got := m.goEnv(t, "PKG_CONFIG"); got != filepath.Join(m.cache, "bin/uvgo-pkg-config") {
		t.Errorf("PKG_CONFIG is %q", got)
	}
	after, _ := os.ReadFile(file)
	m.must("-w")
	if again, _ := os.ReadFile(file); string(again) != string(after) {
		t.Errorf("a second -w makes\n%s of\n%s", again, after)
	}
	// Other packages still come from the user's program.
	cmd := exec.Command(filepath.Join(m.cache, "bin/uvgo-pkg-config"), "--cflags", "--", "other")
	cmd.Env = m.env
	if out, err := cmd.CombinedOutput(); string(out) != "-DMINE\n" {
		t.Errorf("another package: %v %s", err, out)
	}
	m.must("-u")
	if got, _ := os.ReadFile(file); string(got) != string(before) {
		t.Errorf("-u leaves\n%s of\n%s", got, before)
	}
	if r := m.must("-u"); !strings.Contains(r.stderr, "nothing of this program's") {
		t.Errorf("a second -u says %s", r.stderr)
	}
}

// TestWritesTheCompiler: where go's own gcc is missing, go keeps the one that is there.
func TestWritesTheCompiler(t *testing.T) {
	m := newMachine(t)
	m.bare(t)
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(m.dir, "bin/gcc")); err != nil {
		t.Fatal(err)
	}
	m.script("bin/clang", `exec `+gcc+` "$@"`)
	if got := m.goEnv(t, "CC", "CGO_ENABLED"); got != "gcc\n0" {
		t.Skipf("this Go's compiler is not gcc: %q", got)
	}
	m.must("-tarball", m.tarball, "-w")
	if got := m.goEnv(t, "CC", "CGO_ENABLED"); got != "clang\n1" {
		t.Errorf("CC and CGO_ENABLED are %q", got)
	}
	m.must("-u")
	if got := m.goEnv(t, "CC", "CGO_ENABLED"); got != "gcc\n0" {
		t.Errorf("after -u CC and CGO_ENABLED are %q", got)
	}
}

// TestTellsWhatHidesItsValues: a variable of the environment is stronger than what go keeps.
func TestTellsWhatHidesItsValues(t *testing.T) {
	m := newMachine(t)
	m.env = append(m.env, "PKG_CONFIG=/opt/pkg-config")
	r := m.must("-tarball", m.tarball, "-w")
	if !strings.Contains(r.stderr, "the environment's PKG_CONFIG=/opt/pkg-config hides what go keeps: unset PKG_CONFIG\n") {
		t.Errorf("%s", r.stderr)
	}
}
