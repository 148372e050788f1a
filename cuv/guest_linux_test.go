package cuv_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/cuv"
)

// TestOtherCIsLeftAlone: C of the program's own that calls the functions which cuv
// comes between libuv and finds them as the C library made them. With uvgo's own
// libuv it calls the C library's, with another what cuv hands on.
func TestOtherCIsLeftAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs, and a libuv: not under -short")
	}
	if sanitized() {
		t.Skip("AddressSanitizer puts itself between all C and the C library")
	}
	if cuv.Linkage == "shared" {
		leftAlone(t, nil, "libuv_shared", false)
		return
	}
	flags := output(t, "pkg-config", "--cflags", "libuv-static")
	t.Run("libuv at hand", func(t *testing.T) {
		leftAlone(t, nil, "", strings.Contains(flags, "UVGO_CALLOUTS"))
	})
	t.Run("as a distribution's", func(t *testing.T) {
		libuv, err := filepath.Abs("../third_party/libuv")
		if err != nil {
			t.Fatal(err)
		}
		output(t, filepath.Join(libuv, "build.sh"), "plain")
		// A flag of its own keeps go's cache from taking what was compiled against the other.
		leftAlone(t, []string{"PKG_CONFIG_PATH=" + libuv + "/build-plain", "CGO_CFLAGS=-O2 -g -DUVGO_PLAIN"}, "", false)
	})
}

// leftAlone builds and runs the program; own tells whether its C is bound to the C
// library.
func leftAlone(t *testing.T, env []string, tags string, own bool) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "guest")
	build := exec.Command("go", "build", "-tags", tags, "-o", program, "./testdata/guest")
	build.Env = append(os.Environ(), env...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	is := strconv.FormatBool(own)
	want := "read is the C library's: true\n" +
		"sigaction is the C library's: " + is + "\nsyscall is the C library's: " + is + "\nepoll_pwait is the C library's: " + is + "\n" +
		"the handle's callbacks: 1 <nil>\n"
	if diff := cmp.Diff(want, output(t, program)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
