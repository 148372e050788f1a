package lint

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestTypesOnOtherSystems: every package of the module has the types that the
// system's own packages syscall and x/sys/unix give it. What the checker also says of Linux,
// which the compiler compiles, it says because it knows nothing of C.
func TestTypesOnOtherSystems(t *testing.T) {
	if testing.Short() {
		t.Skip("checks the standard library for five systems: not under -short")
	}
	wd := uvtest.Must(os.Getwd())
	root := filepath.Dir(filepath.Dir(wd)) // this is internal/lint
	known := uvtest.Must(typeErrors(root, "linux", runtime.GOARCH))
	for _, system := range [][2]string{
		{"linux", "arm64"},
		{"darwin", "amd64"}, {"darwin", "arm64"},
		{"freebsd", "amd64"}, {"freebsd", "arm64"},
	} {
		t.Run(system[0]+"_"+system[1], func(t *testing.T) {
			t.Parallel()
			found := uvtest.Must(typeErrors(root, system[0], system[1]))
			var lines []string
			for line := range found {
				if !known[line] {
					lines = append(lines, line)
				}
			}
			slices.Sort(lines)
			for _, line := range lines {
				t.Error(line)
			}
		})
	}
}
