package pkgconf_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/cmd/libuv/internal/cache"
	"github.com/uvgo/uvgo/cmd/libuv/internal/pkgconf"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

const pc = `prefix=${pcfiledir}
libdir=${prefix}/lib # where it is
includedir=${prefix}/include

Name: libuv-static
Version: VERSION
Description: x
Libs: -L${libdir} -l:libuv.a \
  -lpthread
Libs.private: -lm
Cflags: -I${includedir} -DUVGO_CALLOUTS
`

// libuv writes a .pc file into a directory.
func libuv(t *testing.T, dir, name, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(pc, "VERSION", version, 1)
	if err := os.WriteFile(filepath.Join(dir, name+".pc"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// asked is one question with its environment.
type asked struct {
	args, env  []string
	real       bool // a real pkg-config is there, which repeats what it is asked
	out, wrong string
	status     int
}

func TestAnswersForLibuv(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a b")
	self := libuv(t, filepath.Join(root, "bin"), "self", "0")
	amd := libuv(t, filepath.Join(root, "amd64"), "libuv-static", "1.50.0")
	arm := libuv(t, filepath.Join(root, "arm64"), "libuv-static", "1.50.0")
	musl := libuv(t, filepath.Join(root, "musl"), "libuv-static", "1.50.0")
	user := libuv(t, filepath.Join(root, "user"), "libuv-static", "1.51.2")
	hard := libuv(t, filepath.Join(root, "hard"), "libuv-static", "1.51.2\nRequires: other")
	esc := func(dir string) string { return strings.ReplaceAll(dir, " ", `\ `) }
	dir := cache.Dir(root)
	var table cache.Table
	table.Set(cache.Entry{GOOS: "plan10", GOARCH: "amd64", CC: "gcc", PC: "libuv-static", Dir: amd})
	table.Set(cache.Entry{GOOS: "plan10", GOARCH: "arm64", CC: "aarch64-gcc", PC: "libuv-static", Dir: arm})
	table.Set(cache.Entry{GOOS: "plan10", GOARCH: "amd64", CC: "musl-gcc", PC: "libuv-static", Dir: musl})
	if err := dir.Save(table); err != nil {
		t.Fatal(err)
	}
	tools := filepath.Join(root, "tools")
	if err := os.Mkdir(tools, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\ncase \" $* \" in *missing*) echo no >&2; exit 3; esac\necho \"real[$*] $PKG_CONFIG_PATH\"\n"
	if err := os.WriteFile(filepath.Join(tools, "pkg-config"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	plan := []string{"GOOS=plan10", "GOARCH=amd64", "CC=gcc"}

	for _, q := range []asked{
		{args: []string{"--cflags", "--", "libuv-static"}, env: plan, out: "-I" + esc(amd) + "/include -DUVGO_CALLOUTS\n"},
		{args: []string{"--libs", "--define-variable=x=y z", "--", "libuv-static"}, env: plan, out: "-L" + esc(amd) + "/lib -l:libuv.a   -lpthread\n"},
		{args: []string{"--libs", "--static", "libuv-static"}, env: plan, out: "-L" + esc(amd) + "/lib -l:libuv.a   -lpthread -lm\n"},
		{args: []string{"--modversion", "libuv-static"}, env: plan, out: "1.50.0\n"},
		{args: []string{"--variable=includedir", "libuv-static"}, env: plan, out: amd + "/include\n"},
		{args: []string{"--exists", "libuv-static"}, env: plan},
		{args: []string{"--atleast-version=1.48", "libuv-static"}, env: plan},
		{args: []string{"--atleast-version=1.50.1", "libuv-static"}, env: plan, status: 1, wrong: "is version 1.50.0, and 1.50.1 is wanted"},
		// By target and compiler; another compiler of the same kind of C library will do.
		{args: []string{"--variable=prefix", "libuv-static"}, env: []string{"GOOS=plan10", "GOARCH=arm64", "CC=clang"}, out: arm + "\n"},
		{args: []string{"--variable=prefix", "libuv-static"}, env: []string{"GOOS=plan10", "GOARCH=amd64", "CC=musl-gcc"}, out: musl + "\n"},
		{args: []string{"--variable=prefix", "libuv-static"}, env: []string{"GOOS=plan10", "GOARCH=amd64", "CC=clang"}, out: amd + "\n"},
		{args: []string{"--cflags", "libuv-static"}, env: []string{"GOOS=plan10", "GOARCH=arm64", "CC=musl-gcc"}, status: 1, real: true,
			wrong: `no libuv for plan10/arm64 and the compiler "musl-gcc" has been built: GOOS= GOARCH= go run github.com/uvgo/uvgo/cmd/libuv -goos plan10 -goarch arm64 -cc 'musl-gcc'`},
		{args: []string{"--cflags", "libuv"}, env: plan, status: 1, wrong: "-flavour shared"},
		// PKG_CONFIG_PATH comes first.
		{args: []string{"--modversion", "libuv-static"}, env: append([]string{"PKG_CONFIG_PATH=/nowhere:" + user}, plan...), out: "1.51.2\n"},
		// What is not libuv's.
		{args: []string{"--cflags", "--", "zlib"}, env: plan, real: true, out: "real[--cflags -- zlib] \n"},
		{args: []string{"--cflags", "--", "missing"}, env: plan, real: true, status: 3, wrong: "no"},
		{args: []string{"--cflags", "--", "zlib"}, env: plan, status: 1, wrong: "this machine has no pkg-config: install it"},
		{args: []string{"--cflags", "--", "libuv-static", "zlib"}, env: plan, real: true, out: "-I" + esc(amd) + "/include -DUVGO_CALLOUTS real[--cflags -- zlib]\n"},
		{args: []string{"--cflags", "--", "libuv-static", "missing"}, env: plan, real: true, status: 3, wrong: "no"},
		// What only the real program can answer.
		{args: []string{"--print-requires", "libuv-static"}, env: plan, real: true, out: "real[--print-requires libuv-static] " + amd + "\n"},
		{args: []string{"--print-requires", "libuv-static"}, env: plan, status: 1, wrong: "no pkg-config"},
		{args: []string{"--libs", "libuv-static"}, env: append([]string{"PKG_CONFIG_PATH=" + hard}, plan...), real: true, out: "real[--libs libuv-static] " + hard + ":" + hard + "\n"},
		// Nothing has been built for this machine: the system's libuv.
		{args: []string{"--libs", "libuv-static"}, real: true, out: "real[--libs libuv-static] \n"},
	} {
		env := map[string]string{}
		for _, kv := range q.env {
			name, value, _ := strings.Cut(kv, "=")
			env[name] = value
		}
		t.Setenv("PKG_CONFIG_PATH", env["PKG_CONFIG_PATH"])
		t.Setenv("PATH", "/nowhere")
		if q.real {
			t.Setenv("PATH", tools)
		}
		var stdout, stderr bytes.Buffer
		p := pkgconf.Program{Cache: dir, Self: self, Getenv: func(name string) string { return env[name] }, Stdout: &stdout, Stderr: &stderr}
		status := p.Run(q.args)
		if status != q.status || !strings.Contains(stderr.String(), q.wrong) || (stderr.Len() > 0) != (q.wrong != "") {
			t.Errorf("%v %q: status %d, %q; want %d, %q", q.env, q.args, status, &stderr, q.status, q.wrong)
		}
		// The real program's answer ends with its PKG_CONFIG_PATH.
		if got := strings.ReplaceAll(stdout.String(), " \n", "\n"); got != strings.ReplaceAll(q.out, " \n", "\n") {
			t.Errorf("%v %q:\n%qwant\n%q", q.env, q.args, got, q.out)
		}
	}
}

// TestDoesNotCallItself: a stand-in on PATH under the real program's name.
func TestDoesNotCallItself(t *testing.T) {
	dir := t.TempDir()
	self := filepath.Join(dir, "pkg-config")
	if err := os.WriteFile(self, []byte("#!/bin/sh\necho again\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	var stdout, stderr bytes.Buffer
	p := pkgconf.Program{Cache: cache.Dir(dir), Self: self, Getenv: func(string) string { return "" }, Stdout: &stdout, Stderr: &stderr}
	if status := p.Run([]string{"--cflags", "zlib"}); status != 1 || stdout.Len() > 0 {
		t.Errorf("status %d, %q %q", status, &stdout, &stderr)
	}
}
