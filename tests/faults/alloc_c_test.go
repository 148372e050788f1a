package faults

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// aborts are the places that may end the process for want of memory, as
// docs/reliability.md says.
var aborts = map[string]string{
	"grow":         "a turn's events",
	"maybe_resize": "libuv's table of descriptors",
	"timer_cb":     "libuv's next look at a file that an FSPoll watches",
}

// harness compiles the program of C that drives cuv without Go.
func harness(t *testing.T) string {
	t.Helper()
	if uvtest.Instrumented {
		t.Skip("the harness has no Go code: the sanitizers of C are make valgrind's, and make asan's for cuv")
	}
	bin := filepath.Join(t.TempDir(), "harness")
	if out, err := exec.Command("testdata/harness/build.sh", bin).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// Each allocation of cuv and libuv fails once, and once with all behind it: the caller gets an
// error, or the process ends where that is documented. What works afterwards is whole, nothing
// is left, and what was sent has no hole.
func TestEveryAllocationOfCFails(t *testing.T) {
	bin := harness(t)
	out, err := exec.Command(bin).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	places := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^abort (0x[0-9a-f]+)$`).FindAllStringSubmatch(string(out), -1) {
		places[m[1]] = true
	}
	for at := range places {
		name, err := exec.Command("addr2line", "-f", "-e", bin, at).Output()
		if err != nil {
			t.Fatal(err)
		}
		function, _, _ := strings.Cut(string(name), "\n")
		if aborts[function] == "" {
			t.Errorf("aborted in %s: want an error", name)
		}
	}
	var faults, errors int
	for _, m := range regexp.MustCompile(`(?m)^(\w+) +(\d+) allocations fail .*: (\d+) errors`).FindAllStringSubmatch(string(out), -1) {
		n, _ := strconv.Atoi(m[2])
		e, _ := strconv.Atoi(m[3])
		faults, errors = faults+n, errors+e
	}
	if faults < 200 || errors < 150 {
		t.Errorf("%d faults, %d errors: want at least 200 and 150\n%s", faults, errors, out)
	}
	t.Logf("%d faults, %d errors\n%s", faults, errors, out)
}
