package cuv_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/cuv"
)

// TestSignalsInALoadedLibrary: in a library that a C program loads with dlopen a
// static libuv watches signals on the alternate stack. A shared one, whose calls
// of sigaction cannot be seen there, is not let near them.
func TestSignalsInALoadedLibrary(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a C program and a Go library: not under -short")
	}
	dir := t.TempDir()
	lib, host := filepath.Join(dir, "golib.so"), filepath.Join(dir, "host")
	tags, works := "", "true false"
	if cuv.Linkage == "shared" {
		tags, works = "libuv_shared", "false true"
	}
	build := []string{"build", "-buildmode=c-shared", "-tags", tags, "-o", lib}
	compile := []string{"-Wall", "-Werror", "testdata/dlopen/host.c", "-o", host, "-ldl"}
	if sanitized() { // libuv then needs its runtime, which a program has to bring
		build = append(build, "-asan")
		compile = append(compile, "-fsanitize=address")
	}
	output(t, "go", append(build, "./testdata/dlopen/golib")...)
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	output(t, cc, compile...)
	want := "signal: " + works + "\nspawn: " + works + "\nalternate stack: 1 1\n"
	if diff := cmp.Diff(want, output(t, host, lib)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// sanitized tells whether the test was built with -asan.
func sanitized() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-asan", Value: "true"})
}

// output returns what a command printed.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, errs.String())
	}
	return string(out)
}
