package uvtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func init() {
	Helper("args", func() {
		fmt.Println(strings.Join(os.Args[1:], " "))
		fmt.Printf("env=%q\n", os.Getenv(helperEnv))
	})
	Helper("status", func() { os.Exit(7) })
	Helper("wait", func() { os.Stdin.Read(make([]byte, 1)) })
}

func TestCommandRunsHelperWithArguments(t *testing.T) {
	out, err := Command(t, "args", "-x", "y").Output()
	if want := "-x y\nenv=\"\"\n"; err != nil || string(out) != want {
		t.Errorf("output %q, %v; want %q", out, err, want)
	}
}

func TestCommandReturnsHelperStatus(t *testing.T) {
	for name, want := range map[string]int{"status": 7, "unregistered": 2} {
		var exit *exec.ExitError
		if err := Command(t, name).Run(); !errors.As(err, &exit) || exit.ExitCode() != want {
			t.Errorf("%s: %v, want exit status %d", name, err, want)
		}
	}
}

func TestCommandEndsWithItsTest(t *testing.T) {
	var cmd *exec.Cmd
	t.Run("inner", func(t *testing.T) {
		cmd = Command(t, "wait")
		if _, err := cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	})
	if cmd.ProcessState == nil {
		t.Error("the process outlives its test")
	}
}

func TestHelperNamesAreUnique(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a second helper of one name is accepted")
		}
	}()
	Helper("args", func() {})
}
