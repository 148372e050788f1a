package server_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

func TestCloseTellsHowTheConnectionEnded(t *testing.T) {
	addrs := map[string]func(t *testing.T) string{
		"tcp":  func(*testing.T) string { return anyTCP },
		"unix": func(t *testing.T) string { return "unix://" + uvtest.SocketPath(t) },
	}
	for _, tt := range []struct {
		name   string
		only   string // network
		open   func(c *server.Conn)
		data   func(c *server.Conn)
		client func(t *testing.T, c net.Conn)
		then   func(t *testing.T, c net.Conn) // the client's rest, once data has returned
		want   error
	}{
		{name: "peer ends", client: func(t *testing.T, c net.Conn) { c.Close() }, want: io.EOF},
		{name: "peer ends after data", client: func(t *testing.T, c net.Conn) { send(t, c, []byte("x")); c.Close() }, want: io.EOF},
		{name: "peer resets", only: "tcp", client: func(t *testing.T, c net.Conn) {
			uvtest.Check(t, c.(*net.TCPConn).SetLinger(0))
			c.Close()
		}, want: uv.ECONNRESET},
		{name: "peer drops unread bytes", only: "unix", open: func(c *server.Conn) { c.Write([]byte("xy")) },
			client: func(t *testing.T, c net.Conn) { receive(t, c, 1); c.Close() }, want: uv.ECONNRESET},
		{name: "close in Open", open: func(c *server.Conn) { c.Close() }, client: wantEnd},
		{name: "abort in Data", client: ask, then: wantReset, data: func(c *server.Conn) { flood(t, c, 1<<20); c.Abort() }},
		{name: "abort after CloseWrite", client: ask, then: wantReset, data: func(c *server.Conn) { c.CloseWrite(); c.Abort() }},
		{name: "abort while closing", client: ask, then: wantReset, data: func(c *server.Conn) {
			flood(t, c, 1<<20)
			c.Close()
			c.Abort()
		}},
		{name: "close in Data", client: ask, then: wantEnd, data: func(c *server.Conn) { c.Close() }},
		{name: "close twice", client: ask, then: wantEnd, data: func(c *server.Conn) { c.Close(); c.Close(); c.Abort(); c.Abort(); c.Close() }},
		{name: "close after write", client: ask, data: func(c *server.Conn) { c.Write([]byte("bye")); c.Close() },
			then: func(t *testing.T, c net.Conn) {
				if got, err := io.ReadAll(c); string(got) != "bye" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
				c.Close()
			}},
	} {
		for network, addr := range addrs {
			if tt.only != "" && tt.only != network {
				continue
			}
			t.Run(tt.name+"/"+network, func(t *testing.T) {
				handled := make(chan bool, 1)
				h := newProbe(t)
				h.onOpen = tt.open
				h.onData = func(c *server.Conn, _ []byte) {
					if tt.data != nil {
						tt.data(c)
						handled <- true
					}
				}
				r := run(t, &server.Server{Handler: h, Loops: 1}, addr(t))
				client := r.dial()
				tt.client(t, client)
				if tt.then != nil {
					<-handled
					tt.then(t, client)
				}
				if end := <-h.closed; !errors.Is(end.err, tt.want) || (tt.want == nil) != (end.err == nil) {
					t.Errorf("Close got %v, want %v", end.err, tt.want)
				}
			})
		}
	}
}

// ask makes the server's handler get data, and reads nothing yet.
func ask(t *testing.T, c net.Conn) {
	t.Helper()
	small(t, c)
	send(t, c, []byte("x"))
}

func wantEnd(t *testing.T, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the client read %d, %v; want EOF", n, err)
	}
}

// wantReset reads to the end, which must be a reset on TCP. Unix sockets have no
// resets.
func wantReset(t *testing.T, c net.Conn) {
	t.Helper()
	_, err := io.Copy(io.Discard, c)
	if !errors.Is(err, syscall.ECONNRESET) && (err != nil || c.LocalAddr().Network() == "tcp") {
		t.Errorf("the client read %v, want a reset", err)
	}
}

func TestEchoIsExact(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		r := run(t, &server.Server{Handler: echo(t), Loops: 1, Options: []uvgo.Option{park}}, anyTCP, "unix://"+uvtest.SocketPath(t))
		for _, a := range r.Addrs() {
			c := r.dialAddr(a)
			want := pattern(3 << 20)
			sent := make(chan error, 1)
			go func() {
				_, err := c.Write(want)
				sent <- err
			}()
			got := receive(t, c, len(want))
			uvtest.Check(t, <-sent)
			if !bytes.Equal(got, want) {
				t.Errorf("%s: the echo differs", a.Network())
			}
		}
	})
}

func TestAddressesOfBothEnds(t *testing.T) {
	path := uvtest.SocketPath(t)
	h := newProbe(t)
	r := run(t, &server.Server{Handler: h, Loops: 1}, anyTCP, "tcp4://0.0.0.0:0", "tcp://[::]:0", "unix://"+path)
	addrs := r.Addrs()
	if len(addrs) != 4 {
		t.Fatalf("Addrs: %v", addrs)
	}
	for i, a := range addrs[:3] {
		port := a.(*net.TCPAddr).Port
		if port == 0 {
			t.Errorf("address %d has port 0", i)
		}
		c := dialAddr(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		sc := <-h.opened
		same := func(when string) {
			t.Helper()
			if got, want := sc.LocalAddr().String(), c.RemoteAddr().String(); got != want {
				t.Errorf("%s: local address %s, want %s", when, got, want)
			}
			if got, want := sc.RemoteAddr().String(), c.LocalAddr().String(); got != want {
				t.Errorf("%s: remote address %s, want %s", when, got, want)
			}
		}
		on(t, sc, func() { same("open") })
		c.Close()
		<-h.closed
		same("closed")
	}
	c := r.dialAddr(addrs[3])
	sc := <-h.opened
	if sc.LocalAddr().String() != path || sc.LocalAddr().Network() != "unix" || sc.RemoteAddr().String() != "" || sc.RemoteAddr().Network() != "unix" {
		t.Errorf("unix addresses: %v, %v", sc.LocalAddr(), sc.RemoteAddr())
	}
	c.Close()
	<-h.closed
	if sc.LocalAddr().String() != path {
		t.Errorf("unix address when closed: %v", sc.LocalAddr())
	}
}

func TestContextBelongsToTheConnection(t *testing.T) {
	h := newProbe(t)
	h.onOpen = func(c *server.Conn) {
		if c.Context() != nil {
			t.Errorf("the context of a fresh connection is %v", c.Context())
		}
		c.SetContext(new(strings.Builder))
	}
	h.onData = func(c *server.Conn, p []byte) {
		b := c.Context().(*strings.Builder)
		b.Write(p)
		if b.Len() == 2 {
			c.Write([]byte(b.String()))
		}
	}
	r := run(t, &server.Server{Handler: h, Loops: 1})
	a, b := r.dial(), r.dial()
	for i, c := range []net.Conn{a, b, a, b} {
		send(t, c, []byte{"abcd"[i]})
	}
	if got := string(receive(t, a, 2)) + string(receive(t, b, 2)); got != "acbd" {
		t.Errorf("contexts are mixed up: %q", got)
	}
}

func TestWritesAfterCloseFail(t *testing.T) {
	h := newProbe(t)
	h.onData = func(c *server.Conn, p []byte) {
		c.Close()
		if n, err := c.Write(p); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write: %d, %v", n, err)
		}
		if err := c.WriteFunc(func(error) { t.Error("the function of a refused write runs") }, p); !errors.Is(err, net.ErrClosed) {
			t.Errorf("WriteFunc: %v", err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Errorf("CloseWrite: %v", err)
		}
	}
	h.onClose = func(c *server.Conn, _ error) {
		if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write in Close: %v", err)
		}
		c.Pause()
		c.Resume()
		if c.Close() != nil || c.Abort() != nil || c.CloseWrite() != nil || c.Buffered() != 0 {
			t.Error("a closed connection reports errors or bytes")
		}
	}
	r := run(t, &server.Server{Handler: h, Loops: 1})
	c := r.dial()
	send(t, c, []byte("x"))
	wantEnd(t, c)
	<-h.closed
}
