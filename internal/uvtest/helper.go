//go:build unix

package uvtest

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// helperEnv names the helper that a re-executed test binary runs.
const helperEnv = "UVGO_TEST_HELPER"

var helpers = make(map[string]func())

// Helper registers fn as the program that [Command] runs under name. Call it from an
// init function. fn finds its arguments in os.Args[1:]. The process ends with status 0
// when fn returns, without a check for leaks.
func Helper(name string, fn func()) {
	if helpers[name] != nil {
		panic("uvtest: helper " + name + " is registered twice")
	}
	helpers[name] = fn
}

// Command returns a command that runs the helper in a process of its own. The process
// runs this test binary again, whose TestMain must be [Main]. If it still runs when the
// test ends, it is killed and waited for. Its loops have no watchdog: on a machine that is busy that would report what the system
// holds up, among the output that a test compares.
func Command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := self(t, args...)
	cmd.Env = append(cmd.Environ(), helperEnv+"="+name, "UVGO_WATCHDOG=off")
	return cmd
}

// self returns a command of this test binary.
func self(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	t.Cleanup(func() {
		if cmd.Process != nil && cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd
}

func runHelper(name string) int {
	fn := helpers[name]
	if fn == nil {
		fmt.Fprintf(os.Stderr, "uvtest: no helper %q is registered\n", name)
		return 2
	}
	_ = os.Unsetenv(helperEnv) // the helper's own children are not helpers
	fn()
	return 0
}
