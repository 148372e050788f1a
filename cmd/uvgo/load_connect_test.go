package main

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestLoadSaysWhyItCannotConnect(t *testing.T) {
	gone := reserve(t)
	path := uvtest.SocketPath(t)
	for _, tt := range []struct{ name, args, want string }{
		{"nobody listens", gone, "cannot connect to " + gone + ": connection refused (ECONNREFUSED): nothing listens there"},
		{"no socket", "unix://" + path, "(ENOENT): there is no such socket"},
		{"a file", "unix:///etc/passwd", "is a regular file"},
		{"too many", gone + " --conns 2000000000", "raise it (ulimit -n)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"load", "--json", "--loops", "2", "--conns", "300"}, strings.Fields(tt.args)...)
			l := start(t, args...)
			if out := l.wait(1); out != "" {
				t.Errorf("it printed %q", out)
			}
			holds(t, l.complaint(), tt.want)
		})
	}
}

// shortQueue listens on a unix socket with a queue of one connection. The kernel
// refuses others.
func shortQueue(t *testing.T) (addr string, fd int) {
	t.Helper()
	path := uvtest.SocketPath(t)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	return "unix://" + path, fd
}

// knocked waits until a client has connected.
func knocked(t *testing.T, fd int) {
	t.Helper()
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if err == nil {
			return
		}
		if err != unix.EINTR {
			t.Fatal(err)
		}
	}
}

func TestLoadWaitsForAFullUnixQueue(t *testing.T) {
	addr, fd := shortQueue(t)
	l := start(t, "load", "--json", "--conns", "40", "--duration", "1s", addr)
	knocked(t, fd)
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(own), addr)
	defer f.Close()
	fl, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, fl, altered(asIs))
	if r := decode(t, l.wait(0)); r.Requests == 0 || r.Errors != 0 {
		t.Errorf("result %+v", r)
	}
}

func TestLoadGivesUpConnecting(t *testing.T) {
	addr, _ := shortQueue(t)
	l := start(t, "load", "--conns", "40", "--timeout", "100ms", addr)
	l.wait(1)
	holds(t, l.complaint(), "cannot connect to "+addr+": connection timed out (ETIMEDOUT): nobody answers")
}

func TestLoadIsInterruptedWhileConnecting(t *testing.T) {
	addr, fd := shortQueue(t)
	l := start(t, "load", "--conns", "40", "--timeout", "1h", addr)
	knocked(t, fd)
	l.signal(syscall.SIGINT)
	l.wait(1)
	holds(t, l.complaint(), "interrupted with ", " of 40 connections open")
}
