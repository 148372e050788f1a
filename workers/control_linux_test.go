package workers

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/sock"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestTheControlSocketIsTheUsersAlone(t *testing.T) {
	s := start(t, server(1))
	s.ready(1)
	info, err := os.Stat(s.control)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket has mode %v, %v", info.Mode(), err)
	}
	for words, want := range map[string]string{
		"": "unknown command", "restart": `unknown command "restart"`, "scale": "unknown command", "scale many": "not a number", "scale 0": "there may be 1 to",
	} {
		if _, err := Ask(s.control, strings.Fields(words)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the answer to %q is %v", words, err)
		}
	}
	if _, err := Ask(s.control, "stop"); err != nil {
		t.Error(err)
	}
	s.wait(0)
	if _, err := os.Stat(s.control); !os.IsNotExist(err) {
		t.Errorf("behind the end the socket's file is there: %v", err)
	}
}

// TestASupervisorThatHangsIsNotWaitedFor: a stopped process accepts nothing, but its socket takes connections.
func TestASupervisorThatHangsIsNotWaitedFor(t *testing.T) {
	defer func(was time.Duration) { statusTimeout = was }(statusTimeout)
	statusTimeout = 10 * time.Millisecond
	path := uvtest.SocketPath(t)
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if _, err := Ask(path, "status"); err == nil || !strings.Contains(err.Error(), "it is stopped, or hangs") {
		t.Errorf("the answer is %v", err)
	}
}

func TestTheDirectoryOfControlSocketsIsPrivate(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", t.TempDir())
	dir := filepath.Dir(ControlPath(1))
	if err := sock.PrivateDir(dir); err != nil {
		t.Fatal(err)
	}
	if err := sock.PrivateDir(dir); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := sock.PrivateDir(dir); err == nil {
		t.Error("a directory that others may read is used")
	}
	os.Remove(dir)
	if err := os.Symlink("/tmp", dir); err != nil {
		t.Fatal(err)
	}
	if err := sock.PrivateDir(dir); err == nil {
		t.Error("a link is followed")
	}
}
