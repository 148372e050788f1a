package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m, removeProgram) }

func TestRefusesSenselessCommandLines(t *testing.T) {
	m := newMachine(t)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"here"}, `unexpected argument "here"`},
		{[]string{"-w", "-u"}, "one of -w, -u and -check"},
		{[]string{"-tarball", "x", "-url", "y"}, "one of -tarball and -url"},
		{[]string{"-shell", "csh"}, "sh, fish or powershell"},
		{[]string{"-print", "all"}, "env, dir or mirrors"},
		{[]string{"-w", "-flavour", "asan"}, "static and shared"},
		{[]string{"-flavour", "vanilla"}, "static, asan, ubsan, plain or shared"},
		{[]string{"-checkout", m.dir, "-w"}, "without -w"},
		{[]string{"-colour"}, "not defined: -colour"},
	} {
		r := m.run(tt.args...)
		if r.status != 2 || !strings.Contains(r.stderr, tt.want) || strings.Count(r.stderr, "\n") != 1 || r.stdout != "" {
			t.Errorf("libuv %v: status %d, %q", tt.args, r.status, r.stderr)
		}
	}
	if r := m.run("-h"); r.status != 0 || !strings.Contains(r.stdout, "-tarball") {
		t.Errorf("-h: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	m.nothingLeft(t)
}

// TestNeedsNoCgo: the program has to run where no uvgo can be built yet.
func TestNeedsNoCgo(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(out)) {
		if path = strings.TrimSpace(path); !regexp.MustCompile(`^github.com/uvgo/uvgo/(cmd|third_party)/libuv(/|$)`).MatchString(path) {
			t.Errorf("cmd/libuv depends on %s", path)
		}
	}
}

// statusOf is the exit status of a command that ran.
func statusOf(t *testing.T, err error) int {
	t.Helper()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return e.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}
