package sock_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/sock"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestNew: the socket is of the kind asked for, does not block and closes on exec.
func TestNew(t *testing.T) {
	fd := uvtest.Must(sock.New(unix.AF_UNIX, unix.SOCK_DGRAM))
	defer unix.Close(fd)
	if typ := uvtest.Must(unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)); typ != unix.SOCK_DGRAM {
		t.Errorf("a socket of type %d", typ)
	}
	if fl := uvtest.Must(unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)); fl&unix.O_NONBLOCK == 0 {
		t.Error("it blocks")
	}
	if fl := uvtest.Must(unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)); fl&unix.FD_CLOEXEC == 0 {
		t.Error("children inherit it")
	}
	if fd, err := sock.New(-1, unix.SOCK_DGRAM); !errors.Is(err, unix.EAFNOSUPPORT) || fd != -1 {
		t.Errorf("no such family: %d, %v", fd, err)
	}
}
