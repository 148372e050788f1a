package server_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// pipe is a proxy: what a client sends goes to the address, and the answers back.
type pipe struct {
	network, addr string
	t             testing.TB
}

func (p *pipe) Open(c *server.Conn) {
	c.Pause() // until the upstream connection is there
	up, err := c.Dial(p.network, p.addr, &upstream{t: p.t, client: c})
	uvtest.Expect(p.t, err)
	c.SetContext(up)
}
func (p *pipe) Data(c *server.Conn, b []byte) {
	_, err := c.Context().(*server.Conn).Write(b)
	uvtest.Expect(p.t, err)
}
func (p *pipe) EOF(c *server.Conn)                { uvtest.Expect(p.t, c.Context().(*server.Conn).CloseWrite()) }
func (p *pipe) Close(c *server.Conn, err error)   { _ = c.Context().(*server.Conn).Close() }
func (u *upstream) Open(c *server.Conn)           { u.client.Resume() }
func (u *upstream) Data(c *server.Conn, b []byte) { _, _ = u.client.Write(b) }
func (u *upstream) EOF(c *server.Conn)            { uvtest.Expect(u.t, u.client.CloseWrite()) }
func (u *upstream) Close(c *server.Conn, err error) {
	_ = u.client.Close()
}

// upstream is the other side of a pipe.
type upstream struct {
	t      testing.TB
	client *server.Conn
}

// eachUpstream runs body with an echo server on each kind of address, and how to dial it.
func eachUpstream(t *testing.T, body func(t *testing.T, up *running, network, addr string)) {
	for _, tt := range []struct{ name, listen, network, host string }{
		{"literal", "tcp://127.0.0.1:0", "tcp", "127.0.0.1"},
		{"IPv6", "tcp://[::1]:0", "tcp6", "::1"},
		{"name", "tcp://127.0.0.1:0", "tcp4", "localhost"},
		{"no host", "tcp://127.0.0.1:0", "tcp", ""},
		{"unix", "unix", "unix", ""},
		{"abstract", "abstract", "unix", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			listen, addr := tt.listen, tt.host
			switch listen {
			case "unix":
				addr = uvtest.SocketPath(t)
				listen = "unix://" + addr
			case "abstract": // a name that other processes do not have
				addr = "@uvgo-test-" + strings.ReplaceAll(uvtest.SocketPath(t), "/", "-")
				listen = "unix://" + addr
			}
			h := echo(t)
			up := run(t, &server.Server{Handler: &fullProbe{probe: h, onEOF: func(c *server.Conn) { uvtest.Expect(t, c.CloseWrite()) }, onDrain: func(*server.Conn) {}}, Loops: 1}, listen)
			if tt.network != "unix" {
				_, port, _ := net.SplitHostPort(up.Addrs()[0].String())
				addr = net.JoinHostPort(addr, port)
			}
			body(t, up, tt.network, addr)
		})
	}
}

func TestDialCarriesAProxy(t *testing.T) {
	eachUpstream(t, func(t *testing.T, up *running, network, addr string) {
		r := run(t, &server.Server{Handler: &pipe{network, addr, t}, Loops: 2})
		for range 3 {
			client := r.dial()
			all := pattern(300_000)
			go func() {
				_, _ = client.Write(all)
				_ = client.(*net.TCPConn).CloseWrite()
			}()
			got, err := io.ReadAll(client)
			if err != nil || string(got) != string(all) {
				t.Errorf("%d bytes of %d came back, %v", len(got), len(all), err)
			}
			client.Close()
		}
		uvtest.Eventually(t, "all to close", func() bool { s := r.Stats(); return s.Conns == 0 && s.DialConns == 0 })
		if s := r.Stats(); s.Accepted != 3 || s.Dialed != 3 || s.DialFailed != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// dials makes a server whose one connection dials by fn, and returns that connection.
func dials(t *testing.T, s *server.Server, fn func(c *server.Conn)) (*running, *server.Conn) {
	h := newProbe(t)
	s.Handler, s.Loops = h, 1
	r := run(t, s)
	client := r.dial()
	t.Cleanup(func() { client.Close() })
	c := <-h.opened
	on(t, c, func() { fn(c) })
	return r, c
}

func TestDialFails(t *testing.T) {
	closed := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	closed.Close()
	for _, tt := range []struct {
		name, network, addr string
		is                  error // nil: any, which depends on the resolver
	}{
		{"refused", "tcp", closed.Addr().String(), unix.ECONNREFUSED},
		{"no socket", "unix", "/nonexistent/socket", os.ErrNotExist},
		{"unknown host", "tcp", "nobody.invalid:80", nil},
		{"another family", "tcp6", "127.0.0.1:80", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			failed := make(chan error, 2)
			r, _ := dials(t, &server.Server{}, func(c *server.Conn) {
				_, err := c.Dial(tt.network, tt.addr, &ends{t: t, failed: failed})
				uvtest.Expect(t, err)
			})
			if err := <-failed; err == nil || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("Close got %v", err)
			}
			if s := r.Stats(); s.DialFailed != 1 || s.Dialed != 0 || s.DialConns != 0 || s.Conns != 1 || s.Closed != (server.Closed{}) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// ends is a handler whose Open must not be called, and that hands over what Close gets.
type ends struct {
	t      testing.TB
	failed chan error
}

func (e *ends) Open(*server.Conn)               { e.t.Error("Open was called") }
func (e *ends) Data(*server.Conn, []byte)       { e.t.Error("Data was called") }
func (e *ends) Close(_ *server.Conn, err error) { e.failed <- err }

func TestDialTriesTheNextAddress(t *testing.T) {
	up := run(t, &server.Server{Handler: echo(t), Loops: 1})
	closed := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	closed.Close()
	at := func(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }
	for _, good := range []bool{true, false} {
		addrs := []netip.AddrPort{at(closed.Addr()), at(closed.Addr()), at(closed.Addr())}
		if good {
			addrs = append(addrs, at(up.Addrs()[0]))
		}
		got := make(chan error, 1)
		_, _ = dials(t, &server.Server{}, func(c *server.Conn) {
			h := newProbe(t)
			h.onOpen = func(d *server.Conn) {
				if a := d.RemoteAddr().String(); a != up.Addrs()[0].String() || d.LocalAddr() == nil {
					t.Errorf("connected to %s from %v", a, d.LocalAddr())
				}
				_ = d.Abort()
			}
			var handler server.Handler = h
			if !good {
				handler = &ends{t, got}
			} else {
				h.onClose = func(_ *server.Conn, err error) { got <- err }
			}
			_, err := server.DialAddrs(c, handler, addrs...)
			uvtest.Expect(t, err)
		})
		if err := <-got; good && err != nil || !good && !errors.Is(err, unix.ECONNREFUSED) {
			t.Errorf("one listens %t: Close got %v", good, err)
		}
	}
}

// fullBacklog listens, and lets the kernel accept no more connections.
func fullBacklog(t *testing.T) string {
	fd := uvtest.Must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	t.Cleanup(func() { unix.Close(fd) })
	uvtest.Check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	uvtest.Check(t, unix.Listen(fd, 0))
	sa := uvtest.Must(unix.Getsockname(fd)).(*unix.SockaddrInet4)
	addr := netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)).String()
	for {
		c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { c.Close() })
	}
}

func TestDialTimeout(t *testing.T) {
	addr := fullBacklog(t)
	failed := make(chan error, 1)
	begin := time.Now()
	_, _ = dials(t, &server.Server{DialTimeout: 50 * time.Millisecond}, func(c *server.Conn) {
		_, err := c.Dial("tcp", addr, &ends{t, failed})
		uvtest.Expect(t, err)
	})
	if err := <-failed; err != server.ErrDialTimeout || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) < 50*time.Millisecond {
		t.Errorf("after %v Close got %v", time.Since(begin), err)
	}
}

// TestDialIsGivenUp by Close, Abort, and the end of the server.
func TestDialIsGivenUp(t *testing.T) {
	addr := fullBacklog(t)
	for name, end := range map[string]func(*server.Conn) error{"Close": (*server.Conn).Close, "Abort": (*server.Conn).Abort, "Shutdown": nil} {
		t.Run(name, func(t *testing.T) {
			failed := make(chan error, 1)
			r, c := dials(t, &server.Server{}, func(c *server.Conn) {
				d, err := c.Dial("tcp", addr, &ends{t, failed})
				uvtest.Expect(t, err)
				_, err = d.Write([]byte("x"))
				uvtest.IsErr(t, "Write", err, uv.ENOTCONN)
				uvtest.IsErr(t, "WriteFunc", d.WriteFunc(nil, []byte("x")), uv.ENOTCONN)
				uvtest.IsErr(t, "CloseWrite", d.CloseWrite(), uv.ENOTCONN)
				d.Pause()
				d.Resume()
				if got := d.RemoteAddr().String(); got != addr || d.Full() || d.Buffered() != 0 {
					t.Errorf("connecting to %s, full: %t, %d buffered", got, d.Full(), d.Buffered())
				}
				if end != nil {
					uvtest.Expect(t, end(d))
					_, err = d.Write([]byte("x"))
					uvtest.IsErr(t, "Write after it", err, net.ErrClosed)
				}
			})
			if end == nil {
				on(t, c, func() { _ = c.Abort() }) // nobody needs the other any more
				r.stop()
			}
			if err := <-failed; err != nil {
				t.Errorf("Close got %v", err)
			}
		})
	}
}

func TestDialRefusesBadArguments(t *testing.T) {
	h := &ends{t: t}
	r, c := dials(t, &server.Server{}, func(c *server.Conn) {
		for _, tt := range []struct{ network, addr string }{
			{"udp", "127.0.0.1:80"}, {"", "127.0.0.1:80"}, {"tcp", ""}, {"tcp", "127.0.0.1"}, {"tcp", "::1:80"}, {"tcp", "127.0.0.1:"}, {"unix", ""}, {"unix", "a\x00b"},
		} {
			d, err := c.Dial(tt.network, tt.addr, h)
			if d != nil || !errors.Is(err, uv.EINVAL) {
				t.Errorf("%s %q: %v", tt.network, tt.addr, err)
			}
		}
		_, err := c.Dial("tcp", "127.0.0.1:80", nil)
		uvtest.IsErr(t, "no handler", err, uv.EINVAL)
	})
	other := uvtest.Must(uvgo.New())
	defer other.Close()
	_, err := r.Dial(other, "tcp", "127.0.0.1:80", h)
	uvtest.IsErr(t, "another loop", err, uv.EINVAL)
	if _, err := c.Dial("tcp", "127.0.0.1:80", h); !errors.Is(err, uv.ErrNotOwner) {
		t.Errorf("on another goroutine: %v", err)
	}
	if _, err := r.Dial(c.Loop(), "tcp", "127.0.0.1:80", h); !errors.Is(err, uv.ErrNotOwner) {
		t.Errorf("Server.Dial on another goroutine: %v", err)
	}
	on(t, c, func() { _ = c.Abort() })
	r.stop()
	if _, err := r.Dial(c.Loop(), "tcp", "127.0.0.1:80", h); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
	if s := r.Stats(); s.DialConns != 0 || s.Dialed != 0 || s.DialFailed != 0 {
		t.Errorf("%+v", s)
	}
}

// TestShutdownLetsProxiesFinish: a request that is under way when Shutdown begins is answered
// through a connection of Dial.
func TestShutdownLetsProxiesFinish(t *testing.T) {
	asked, answer := make(chan *server.Conn, 1), newProbe(t)
	answer.onData = func(c *server.Conn, p []byte) { asked <- c }
	up := run(t, &server.Server{Handler: answer, Loops: 1})
	r := run(t, &server.Server{Handler: &pipe{"tcp", up.Addrs()[0].String(), t}, Loops: 1})
	client := r.dial()
	send(t, client, []byte("request"))
	c := <-asked
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	uvtest.Eventually(t, "the port to be closed", func() bool {
		c, err := net.Dial("tcp", r.Addrs()[0].String())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	on(t, c, func() { _, _ = c.Write([]byte("answer")) })
	if got := string(receive(t, client, 6)); got != "answer" {
		t.Errorf("%q", got)
	}
	client.Close()
	<-stopped
}

// TestDialedConnectionsHaveTimeouts as accepted ones do.
func TestDialedConnectionsHaveTimeouts(t *testing.T) {
	up := run(t, &server.Server{Handler: newProbe(t), Loops: 1})
	h := newProbe(t)
	_, c := dials(t, &server.Server{IdleTimeout: time.Hour, Logger: quiet()}, func(c *server.Conn) {
		_, err := c.Dial("tcp", up.Addrs()[0].String(), h)
		uvtest.Expect(t, err)
	})
	d := <-h.opened
	on(t, c, func() { uvtest.Expect(t, c.SetIdleTimeout(0)) })
	skip(t, d, time.Hour+late(time.Hour))
	if end := <-h.closed; end.err != server.ErrIdleTimeout {
		t.Errorf("Close got %v", end.err)
	}
}
