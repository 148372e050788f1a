package workers

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A panicking is a log that panics at a message.
type panicking struct {
	slog.Handler
	at string
}

// Enabled says that all records are wanted.
func (p panicking) Enabled(context.Context, slog.Level) bool { return true }

func (p panicking) Handle(_ context.Context, r slog.Record) error {
	if r.Message == p.at {
		panic("of the log")
	}
	return nil
}

// TestAPanicEndsRun: nobody watches the workers any more, so they end, too.
func TestAPanicEndsRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	s := &Supervisor{
		Command: []string{"sh", "-c", "echo $$ > " + file + "; exec sleep 1000"}, Workers: 1, Control: "none", NoSignals: true, ReadyAfter: 500 * time.Millisecond,
		Logger: slog.New(panicking{slog.DiscardHandler, "workers: worker ready"}),
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "of the log") {
		t.Errorf("Run returns %v", err)
	}
	gone(t, numberIn(t, file))
}

func TestACommandThatIsGoneIsNamed(t *testing.T) {
	command := filepath.Join(t.TempDir(), "command")
	if err := os.Symlink("/bin/sleep", command); err != nil {
		t.Fatal(err)
	}
	s := start(t, plan{Supervisor: &Supervisor{
		Command: []string{command, "1000"}, Workers: 1, MaxFailures: 2, MaxBackoff: time.Millisecond, ReadyAfter: time.Millisecond, Stable: time.Hour,
	}})
	st := s.ready(1)
	os.Remove(command)
	if err := unix.Kill(st.Slots[0].PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.wait(1)
	if want := "failed: status 126: " + command + ": no such file or directory"; !strings.Contains(s.log.String(), want) {
		t.Errorf("it does not say %q", want)
	}
}
