package hostc

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestHostRunsGo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a C archive and a program: not under -short")
	}
	dir := t.TempDir()
	archive, program := filepath.Join(dir, "golib.a"), filepath.Join(dir, "host")
	tags, pc := "", "libuv-static"
	if cuv.Linkage == "shared" {
		tags, pc = "libuv_shared", "libuv"
	}
	run(t, "go", "build", "-buildmode=c-archive", "-tags", tags, "-o", archive, "./golib")
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	args := []string{"-Wall", "-Wextra", "-Werror", "-I" + dir, "host/main.c", archive, "-o", program}
	flags := run(t, "pkg-config", "--cflags", "--libs", pc)
	run(t, cc, append(args, strings.Fields(flags+" -ldl")...)...)

	got := strings.Split(strings.TrimSpace(run(t, program)), "\n")
	want := []string{
		"go: the sum to 1000 is 500500",
		`host: Go answered "hello from C"`,
		"host: the loop is closed: yes",
	}
	slices.Sort(got) // the goroutine's post may come before or after the echo
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// run returns what a command printed, and fails the test if it failed.
func run(t *testing.T, name string, args ...string) string {
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
