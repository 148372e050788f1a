package main

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestHTTPRefusesAddressesInALine(t *testing.T) {
	taken := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	defer taken.Close()
	path := uvtest.SocketPath(t)
	live := uvtest.Must(net.Listen("unix", path))
	defer live.Close()
	file := path + ".txt"
	uvtest.Check(t, os.WriteFile(file, []byte("precious"), 0o600))
	url := "http://" + taken.Addr().String()
	for _, tt := range []struct{ name, listen, want string }{
		{"port in use", url, "cannot listen on " + url + ": address already in use (EADDRINUSE): stop what listens there, or choose another port with --listen"},
		{"socket in use", "unix://" + path, "a running server has it: stop that, or choose another path with --listen"},
		{"regular file", "unix://" + file, "the path is a regular file, not a socket: remove it, or choose another path"},
		{"no such directory", "unix://" + path + ".d/s", "make its directory first"},
		{"not ours", "http://192.0.2.1:0", "no interface of this machine"},
		{"not open", "fd://99", "descriptor 99 is not open"},
		{"no socket", "fd://1", "descriptor 1 is not a socket"},
		{"no systemd", "systemd:web", "LISTEN_PID or LISTEN_FDS is not set"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			other := uvtest.SocketPath(t)
			p := start(t, "http", "--root", t.TempDir(), "--listen", "unix://"+other, "--listen", tt.listen)
			if out := p.wait(1); out != "" {
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

func TestHTTPReplacesASocketThatNobodyServes(t *testing.T) {
	path := uvtest.SocketPath(t) + ".sock"
	dead := uvtest.Must(net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}))
	dead.SetUnlinkOnClose(false)
	dead.Close()
	p, urls := webServer(t, []string{"unix://" + path})
	if status, body := fetch(t, urls[0], "/a.txt"); status != 200 || body != "letter a" {
		t.Errorf("%d, %q", status, body)
	}
	p.signal(syscall.SIGINT)
	p.wait(0)
}

// TestHTTPServesOnInheritedSockets: as systemd passes them, and by their numbers.
func TestHTTPServesOnInheritedSockets(t *testing.T) {
	path := uvtest.SocketPath(t) + ".sock"
	var files []*os.File
	for _, ln := range []net.Listener{
		uvtest.Must(net.Listen("tcp", "127.0.0.1:0")), uvtest.Must(net.Listen("unix", path)), uvtest.Must(net.Listen("tcp", "127.0.0.1:0")),
	} {
		defer ln.Close()
		files = append(files, uvtest.Must(ln.(interface{ File() (*os.File, error) }).File()))
		defer files[len(files)-1].Close()
	}
	cmd := uvtest.Command(t, "uvgo", "http", "--root", website(t), "--listen", "systemd:web", "--listen", "fd://5")
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`}, cmd.Args...)
	cmd.ExtraFiles = files
	cmd.Env = append(cmd.Env, "LISTEN_FDS=2", "LISTEN_FDNAMES=web:web")
	p := startCommand(t, cmd)
	_, urls := listens(t, p, 3)
	if !strings.HasPrefix(urls[0], "http://127.0.0.1:") || urls[1] != "unix://"+path || !strings.HasPrefix(urls[2], "http://127.0.0.1:") {
		t.Errorf("it listens on %v", urls)
	}
	for _, url := range urls {
		if status, body := fetch(t, url, "/a.txt"); status != 200 || body != "letter a" {
			t.Errorf("%s: %d, %q", url, status, body)
		}
	}
	p.signal(syscall.SIGTERM)
	p.wait(0)
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("a socket that was not its own is gone: %v", err)
	}
}

func TestHTTPNamesACommandThatReachesIt(t *testing.T) {
	path := uvtest.SocketPath(t)
	abstract := fmt.Sprintf("@uvgo-http-%d", os.Getpid())
	for _, tt := range []struct{ listen, url, try string }{
		{"http://0.0.0.0:0", `http://\[::\]:(\d+)|http://0\.0\.0\.0:(\d+)`, `curl http://127\.0\.0\.1:\d+/`},
		{"tcp6://:0", `http://\[::\]:\d+`, `curl http://\[::1\]:\d+/`},
		{"https://127.0.0.1:0", `https://127\.0\.0\.1:\d+`, `curl -k https://127\.0\.0\.1:\d+/`},
		{"unix://" + path, "unix://" + regexp.QuoteMeta(path), "curl --unix-socket " + regexp.QuoteMeta(path) + " http://localhost/"},
		{"unix://" + abstract, "unix://" + abstract, "curl --abstract-unix-socket " + abstract[1:] + " http://localhost/"},
		{"tls+unix://" + path, `tls\+unix://` + regexp.QuoteMeta(path), "curl -k --unix-socket " + regexp.QuoteMeta(path) + " https://localhost/"},
	} {
		t.Run(tt.listen, func(t *testing.T) {
			p := start(t, "http", "--root", t.TempDir(), "--listen", tt.listen)
			p.expect(`^listening on (` + tt.url + `) +try: ` + tt.try + `$`)
			p.expect(`^stop: `)
			p.signal(syscall.SIGTERM)
			p.wait(0)
		})
	}
}

func TestParseHTTPKnowsPortsAndWhoReachesThem(t *testing.T) {
	for _, tt := range []struct {
		text   string
		port   uint16
		secure bool
		local  bool
	}{
		{"http://localhost", 80, false, true},
		{"https://127.0.0.1/", 443, true, true},
		{"http://[::1]", 80, false, true},
		{"http://[::1]:81", 81, false, true},
		{"http://:8080", 8080, false, false},
		{"tls://0.0.0.0:1", 1, true, false},
		{"tcp://127.1.2.3:1", 1, false, true},
		{"http://example.com", 80, false, false},
		{"unix:///x", 0, false, true},
		{"systemd:x", 0, false, false},
	} {
		a, err := parseHTTP(tt.text)
		if err != nil || a.port != tt.port || a.secure != tt.secure || a.isLocal() != tt.local || a.text != tt.text {
			t.Errorf("%s: %+v, %v, local %v", tt.text, a, err, a.isLocal())
		}
	}
}
