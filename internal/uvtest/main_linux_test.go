package uvtest

import (
	"syscall"
	"testing"
)

func init() {
	// As a forgotten loop does.
	cases["epoll"] = func(t *testing.T) {
		if _, err := syscall.EpollCreate1(0); err != nil {
			t.Fatal(err)
		}
	}
	cases["socket in place of a file"] = func(t *testing.T) {
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Dup3(fd, 0, 0); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Close(fd); err != nil {
			t.Fatal(err)
		}
	}
}
