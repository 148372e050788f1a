package cuv_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestCOnOtherSystems: every C file is valid C on macOS and FreeBSD, as far as that can be
// told without their headers: what glibc has and they have not is taken away.
func TestCOnOtherSystems(t *testing.T) {
	files := uvtest.Must(filepath.Glob("*.c"))
	name := "libuv-static"
	if cuv.Linkage == "shared" {
		name = "libuv"
	}
	pkgConfig := cmp.Or(os.Getenv("PKG_CONFIG"), "pkg-config")
	libuv := strings.Fields(string(uvtest.Must(exec.Command(pkgConfig, "--cflags", name).Output())))
	for system, defines := range map[string][]string{
		"darwin":  {"-D__APPLE__", "-D__MACH__"},
		"freebsd": {"-D__FreeBSD__=14"},
	} {
		t.Run(system, func(t *testing.T) {
			dir := filepath.Join("testdata", "systems")
			args := append([]string{
				"-fsyntax-only", "-std=gnu11", "-Wall", "-Werror=implicit-function-declaration",
				"-U__linux__", "-U__linux", "-Ulinux", "-U__gnu_linux__",
				"-include", filepath.Join(dir, system+".h"),
				"-I" + filepath.Join(dir, system), "-I" + filepath.Join(dir, "unix"),
			}, defines...)
			args = append(append(args, libuv...), files...)
			cc := strings.Fields(cmp.Or(os.Getenv("CC"), "cc"))
			out, err := exec.Command(cc[0], append(cc[1:], args...)...).CombinedOutput()
			if err != nil || strings.Contains(string(out), "warning:") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
