package workers

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMetricsAreAskedForByASocket(t *testing.T) {
	t.Setenv(activation.EnvMetricsDir, "")
	if ln, err := MetricsListener(); ln != nil || err != nil {
		t.Errorf("a process that nobody asks listens: %v, %v", ln, err)
	}
	dir := filepath.Dir(uvtest.SocketPath(t))
	t.Setenv(activation.EnvMetricsDir, dir)
	path := filepath.Join(dir, "uvgo-"+strconv.Itoa(os.Getpid())+".sock")
	for range 2 { // the second time in place of what a killed process has left
		ln := uvtest.Must(MetricsListener())
		c := uvtest.Must(net.Dial("unix", path))
		if info := uvtest.Must(os.Stat(path)); info.Mode() != os.ModeSocket|0o600 {
			t.Errorf("the socket has mode %v", info.Mode())
		}
		c.Close()
		uvtest.Check(t, ln.Close())
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("behind its end the socket's file is there: %v", err)
		}
		left := uvtest.Must(net.Listen("unix", path)).(*net.UnixListener)
		left.SetUnlinkOnClose(false)
		uvtest.Check(t, left.Close())
	}
	t.Setenv(activation.EnvMetricsDir, "/none")
	if _, err := MetricsListener(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a directory that is not there: %v", err)
	}
}

// TestAFailedStartEndsRun before there is a worker.
func TestAFailedStartEndsRun(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made")
	s := &Supervisor{Command: []string{"touch", made}, Workers: 1, Control: "none", NoSignals: true, OnStart: func() error { return errors.New("not today") }}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "not today") {
		t.Errorf("Run: %v", err)
	}
	if _, err := os.Stat(made); !os.IsNotExist(err) {
		t.Errorf("a worker has run: %v", err)
	}
}
