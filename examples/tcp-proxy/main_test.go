package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// A setting is a proxy in front of a listener of the test's.
type setting struct {
	t    *testing.T
	p    *uvtest.Program
	l    net.Listener
	addr string // of the proxy
}

func newSetting(t *testing.T, flags ...string) *setting {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	l := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { l.Close() })
	p := uvtest.Start(t, "main", append(flags, "tcp://127.0.0.1:0", l.Addr().String())...)
	return &setting{t, p, l, p.Expect(`^passing on (\S+) to `)}
}

// connect returns both ends of a connection through the proxy.
func (s *setting) connect() (client, server *net.TCPConn) {
	s.t.Helper()
	client = uvtest.Must(net.Dial("tcp", s.addr)).(*net.TCPConn)
	server = uvtest.Must(s.l.Accept()).(*net.TCPConn)
	s.t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

func (s *setting) end() {
	s.p.Signal(syscall.SIGTERM)
	s.p.Wait(0)
}

func TestBothDirectionsEndByThemselves(t *testing.T) {
	s := newSetting(t)
	for range 5 {
		client, server := s.connect()
		question := bytes.Repeat([]byte("question"), 1<<17)
		go func() {
			client.Write(question)
			client.CloseWrite()
		}()
		if got := uvtest.Must(io.ReadAll(server)); !bytes.Equal(got, question) {
			t.Errorf("%d bytes arrive, of %d", len(got), len(question))
		}
		answer := bytes.Repeat([]byte("answer!!"), 1<<18)
		go func() {
			server.Write(answer)
			server.Close()
		}()
		if got := uvtest.Must(io.ReadAll(client)); !bytes.Equal(got, answer) {
			t.Errorf("%d bytes come back, of %d", len(got), len(answer))
		}
		client.Close()
	}
	s.end()
}

// TestTheSlowerSideSetsThePace: whoever sends to a peer that does not read has to wait at some
// time, because the proxy takes no more.
func TestTheSlowerSideSetsThePace(t *testing.T) {
	s := newSetting(t)
	client, server := s.connect()
	for _, c := range []*net.TCPConn{client, server} {
		uvtest.Check(t, c.SetWriteDeadline(time.Now().Add(300*time.Millisecond)))
		sent, err := 0, error(nil)
		for piece := make([]byte, 1<<20); err == nil && sent < 1<<30; {
			var n int
			n, err = c.Write(piece)
			sent += n
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d MiB are gone, %v", sent>>20, err)
		}
		uvtest.Check(t, c.CloseWrite())
		other := map[*net.TCPConn]*net.TCPConn{client: server, server: client}[c]
		if n := uvtest.Must(io.Copy(io.Discard, other)); n != int64(sent) {
			t.Errorf("%d bytes arrive, of %d", n, sent)
		}
	}
	s.end()
}

// TestAnEchoThatBeginsLate: an echo server reads no further than it can write. The proxy has as much
// for it as it keeps, and takes the echo all the same; otherwise the two wait for each other.
func TestAnEchoThatBeginsLate(t *testing.T) {
	s := newSetting(t)
	client, server := s.connect()
	uvtest.Check(t, server.SetWriteBuffer(4<<10)) // less than what waits for it
	uvtest.Check(t, client.SetWriteDeadline(time.Now().Add(300*time.Millisecond)))
	sent, err := 0, error(nil)
	for piece := make([]byte, 64<<10); err == nil && sent < 1<<30; {
		var n int
		n, err = client.Write(piece)
		sent += n
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d MiB are gone, %v", sent>>20, err)
	}
	uvtest.Check(t, client.CloseWrite())
	echoed := make(chan error)
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{server}, struct{ io.Reader }{server}, make([]byte, 1024))
		server.CloseWrite()
		echoed <- err
	}()
	if n := uvtest.Must(io.Copy(io.Discard, client)); n != int64(sent) {
		t.Errorf("%d bytes come back, of %d", n, sent)
	}
	uvtest.Check(t, <-echoed)
	client.Close()
	s.end()
}

func TestTheServerLearnsTheClientsAddress(t *testing.T) {
	s := newSetting(t, "-send-proxy", "-trust", "10.0.0.0/8", "-trust", "127.0.0.1")
	client, server := s.connectAfter("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\nhello")
	want := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\x03\xe8\x00\x50hello"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(server, got); err != nil || string(got) != want {
		t.Errorf("the server gets %q, %v", got, err)
	}
	client.Close()
	s.end()
}

// connectAfter is connect for a client that has to send something first.
func (s *setting) connectAfter(text string) (client, server *net.TCPConn) {
	s.t.Helper()
	client = uvtest.Must(net.Dial("tcp", s.addr)).(*net.TCPConn)
	uvtest.Must(io.WriteString(client, text))
	server = uvtest.Must(s.l.Accept()).(*net.TCPConn)
	s.t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

func TestAServerThatIsGoneAndOneThatResets(t *testing.T) {
	s := newSetting(t)
	client, server := s.connect()
	uvtest.Must(client.Write([]byte("x")))
	uvtest.Must(io.ReadFull(server, make([]byte, 1)))
	uvtest.Check(t, server.SetLinger(0))
	server.Close()
	if p, _ := io.ReadAll(client); len(p) != 0 { // a reset, too
		t.Errorf("got %q", p)
	}
	s.l.Close()
	// The proxy may reset the connection before Dial has found that it is there.
	if gone, err := net.Dial("tcp", s.addr); err == nil {
		if p, _ := io.ReadAll(gone); len(p) != 0 {
			t.Errorf("got %q", p)
		}
		gone.Close()
	} else if !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	s.end()
	if !strings.Contains(s.p.Stderr(), "ECONNREFUSED") {
		t.Errorf("it says %q", s.p.Stderr())
	}
}

// TestArgumentsThatMakeNoSense are refused at the start, not at the first client.
func TestArgumentsThatMakeNoSense(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"tcp://127.0.0.1:0 127.0.0.1", `"127.0.0.1" is no server: write host:port`},
		{"tcp://127.0.0.1:0 127.0.0.1:", `no connection goes to port ""`},
		{"tcp://127.0.0.1:0 127.0.0.1:0", `no connection goes to port "0"`},
		{"tcp://127.0.0.1:0 127.0.0.1:70000", `no connection goes to port "70000"`},
		{"-trust 127 tcp://127.0.0.1:0 127.0.0.1:1", `for flag -trust: write an address or a network, such as 10.0.0.0/8`},
	} {
		p := uvtest.Start(t, "main", strings.Fields(tt.args)...)
		p.Wait(2)
		if got := p.Stderr(); !strings.Contains(got, tt.want) {
			t.Errorf("%s: it says %q, not %q", tt.args, got, tt.want)
		}
	}
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: tcp-proxy [-send-proxy] [-trust NETWORK] ADDRESS SERVER:PORT\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
