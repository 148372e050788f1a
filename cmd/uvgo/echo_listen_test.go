package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestEchoRefusesAddressesInALine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	path := uvtest.SocketPath(t)
	live, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	file := path + ".txt"
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := "tcp://" + taken.Addr().String()

	for _, tt := range []struct {
		name, listen, want string
		status             int
	}{
		{"port in use", port, "cannot listen on " + port + ": address already in use (EADDRINUSE): stop what listens", 1},
		{"port in use, with TLS", "tls" + port[3:], "address already in use (EADDRINUSE): stop what listens", 1}, // and nothing of the certificate
		{"socket in use", "unix://" + path, "a running server has it: stop that, or choose another path with --listen", 1},
		{"regular file", "unix://" + file, "cannot listen on unix://" + file + ": address already in use (EADDRINUSE): the path is a regular file, not a socket: remove it, or choose another path", 1},
		{"directory", "unix://" + t.TempDir(), "the path is a directory", 1},
		{"no directory", "unix://" + path + "/no/s", "cannot listen on", 1},
		{"no such directory", "unix://" + path + ".d/s", "make its directory first", 1},
		{"long path", "unix:///" + strings.Repeat("x", 200), "at most 107 bytes", 2},
		{"not ours", "tcp://192.0.2.1:0", "no interface of this machine", 1},
		{"no scheme", "127.0.0.1:8888", `bad address "127.0.0.1:8888": do you mean tcp://127.0.0.1:8888? no scheme; the forms are tcp://host:port`, 2},
		{"unknown scheme", "ftp://127.0.0.1:1", `"ftp" is no network`, 2},
		{"no port", "tcp://127.0.0.1", "no port; the form is tcp://host:port", 2},
		{"no number", "tcp://127.0.0.1:http", `not "http"`, 2},
		{"large port", "tcp://127.0.0.1:65536", "up to 65535", 2},
		{"no path", "unix://", "no path; the form is unix:///path", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			other := uvtest.SocketPath(t)
			p := start(t, "echo", "--listen", "unix://"+other, "--listen", tt.listen, "--loops", "2")
			if out := p.wait(tt.status); out != "" {
				t.Errorf("it said %q", out)
			}
			holds(t, p.complaint(), tt.want)
			if _, err := os.Lstat(other); err == nil {
				t.Error("the other address's socket is left")
			}
		})
	}
	if text, err := os.ReadFile(file); string(text) != "precious" {
		t.Errorf("the file in the way now holds %q, %v", text, err)
	}
}

func TestEchoSaysThatFilesAreShort(t *testing.T) {
	p := startWithFiles(t, 64, "echo", "--listen", loopback[0], "--loops", "64")
	if out := p.wait(1); out != "" {
		t.Errorf("it said %q", out)
	}
	holds(t, p.complaint(), "cannot listen on tcp://127.0.0.1:0: too many open files (EMFILE): raise the limit", "--loops")
}

// TestLookupErrorsNameTheHostOnce: the line begins with the address, so the error does
// not repeat the host.
func TestLookupErrorsNameTheHostOnce(t *testing.T) {
	a := address{text: "tcp://h:1", network: "tcp", host: "h", port: 1}
	lookup := &net.OpError{Op: "listen", Err: &net.DNSError{Err: "no such host", Name: "h", Server: "192.0.2.1:53"}}
	err := a.listenError(fmt.Errorf("server: listen on tcp://h:1: %w", lookup))
	if want := "cannot listen on tcp://h:1: no such host"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestEchoReplacesASocketThatNobodyServes(t *testing.T) {
	path := uvtest.SocketPath(t)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	p, addrs := echoServer(t, []string{"unix://" + path})
	c := dial(t, addrs[0])
	exchange(t, c, []byte("hello"))
	c.Close()
	p.signal(syscall.SIGINT)
	p.wait(0)
}

func TestEchoListensByDefault(t *testing.T) {
	l, err := net.Listen("tcp", strings.TrimPrefix(defaultListen, "tcp://"))
	if err != nil {
		t.Skipf("the default port is taken here: %v", err)
	}
	defer l.Close()
	p := start(t, "echo") // it says which port it wanted
	p.wait(1)
	holds(t, p.complaint(), defaultListen, "EADDRINUSE")
}
