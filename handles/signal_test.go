package handles_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	uvtest.Helper("signal-numbers", func() {
		l := uvtest.Must(uvgo.New())
		s, ignore := uvtest.Must(l.NewSignal()), func(os.Signal) {}
		for _, n := range []syscall.Signal{65, 99, 1<<31 - 1, syscall.SIGINT + 1<<32, -1} {
			fmt.Println(errors.Is(s.Start(n, ignore), uv.EINVAL), errors.Is(s.StartOneshot(n, ignore), uv.EINVAL))
		}
		uvtest.Must(0, s.Close())
		uvtest.Must(l.RunNoWait())
		uvtest.Must(0, l.Close())
	})
}

// TestSignalNumbersThatAreNone: Start refuses numbers above os/signal's highest.
// signal.Stop would wait for ever for such a number in a process that uses os/signal
// for nothing else.
func TestSignalNumbersThatAreNone(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	out, err := uvtest.Command(t, "signal-numbers").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != strings.TrimSpace(strings.Repeat("true true\n", 5)) {
		t.Errorf("%v\n%s", err, out)
	}
}
