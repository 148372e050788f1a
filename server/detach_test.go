package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvnet"
)

// A wrap makes a net.Conn of a socket.
type wrap = func(f *os.File) (net.Conn, error)

// eachWrap runs a test with package net's and uvnet's connections.
func eachWrap(t *testing.T, test func(t *testing.T, w wrap)) {
	t.Run("net", func(t *testing.T) { test(t, net.FileConn) })
	t.Run("uvnet", func(t *testing.T) { test(t, uvnetOf(t).FileConn) })
}

// uvnetOf returns a Net whose loops run until the test ends.
func uvnetOf(t testing.TB) *uvnet.Net {
	g := uvtest.Must(uvgo.NewGroup(1, uvgo.WithParking(uvgo.ParkGoroutine)))
	n := uvnet.New(g)
	ended := make(chan error, 1)
	go func() { ended <- g.Run(context.Background()) }()
	t.Cleanup(func() {
		uvtest.Check(t, g.Shutdown(context.Background()))
		<-ended
	})
	return n
}

// carriers are what carries the bytes of a connection.
var carriers = []string{"tcp", "unix", "TLS 1.2", "TLS 1.3"}

// A carried is a server whose clients speak over one of the carriers.
type carried struct {
	*running
	client *tls.Config // nil without TLS
}

// runCarried serves over a carrier.
func runCarried(t testing.TB, s *server.Server, carrier string) *carried {
	t.Helper()
	switch carrier {
	case "tcp":
		return &carried{run(t, s), nil}
	case "unix":
		return &carried{run(t, s, "unix://"+uvtest.SocketPath(t)), nil}
	}
	r := runTLS(t, s)
	r.client.MinVersion, r.client.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if carrier == "TLS 1.3" {
		r.client.MinVersion, r.client.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	}
	return &carried{r.running, r.client}
}

func (r *carried) dial() net.Conn {
	c := r.running.dial()
	if r.client == nil {
		return c
	}
	tc := tls.Client(c, r.client)
	r.t.Cleanup(func() { tc.Close() })
	return tc
}

// A switcher echoes in callbacks, until it has had from bytes; then it detaches, and a goroutine echoes the
// rest.
type switcher struct {
	t     testing.TB
	wrap  wrap
	from  int
	how   func(c *server.Conn, detach func())
	had   int
	rest  []byte
	wg    sync.WaitGroup
	ended chan error
}

func (s *switcher) Open(c *server.Conn) {
	if s.from == 0 {
		c.Hold()
		s.how(c, func() { s.detach(c) })
	}
}
func (s *switcher) Close(c *server.Conn, err error) { s.ended <- err }

func (s *switcher) Data(c *server.Conn, p []byte) {
	if s.had >= s.from { // detaching is under way
		s.rest = append(s.rest, p...)
		return
	}
	n := min(len(p), s.from-s.had)
	if s.had += n; s.had == s.from {
		s.rest = bytes.Clone(p[n:])
	}
	uvtest.Must(c.Write(p[:n]))
	if s.had == s.from {
		c.Hold() // the client may end its side before
		s.how(c, func() { s.detach(c) })
	}
}

// detach detaches once everything is sent.
func (s *switcher) detach(c *server.Conn) {
	defer c.Release()
	nc, err := c.Detach(s.wrap)
	if errors.Is(err, uv.EAGAIN) {
		c.Pause()
		c.Hold()
		uvtest.Check(s.t, c.WriteFunc(func(error) { s.detach(c) }, []byte{}))
		return
	}
	if err != nil {
		s.t.Error(err)
		c.Abort()
		return
	}
	s.wg.Go(func() {
		defer nc.Close()
		_, err := nc.Write(s.rest)
		uvtest.Expect(s.t, err)
		_, err = io.Copy(nc, nc)
		uvtest.Expect(s.t, err)
	})
}

// hows are the ways to come to Detach.
var hows = map[string]func(c *server.Conn, detach func()){
	"in the callback": func(_ *server.Conn, detach func()) { detach() },
	"posted":          func(c *server.Conn, detach func()) { _ = c.Loop().Post(detach) },
	"paused": func(c *server.Conn, detach func()) {
		c.Pause()
		_ = c.Loop().Post(func() { _ = c.Loop().Post(detach) })
	},
	"after a wait": func(c *server.Conn, detach func()) {
		asked := make(chan struct{})
		_ = c.Loop().Post(func() { close(asked) })
		_ = c.Loop().Block(func() { <-asked })
		detach()
	},
	"while Data waits": func(c *server.Conn, detach func()) {
		done := make(chan struct{})
		_ = c.Loop().Post(func() { detach(); close(done) })
		_ = c.Loop().Block(func() { <-done })
	},
}

// TestDetachKeepsEveryByte: a client sends without a pause, in pieces, while the connection goes over from the loop to a
// goroutine. The client gets all of it back, in its order.
func TestDetachKeepsEveryByte(t *testing.T) {
	const size = 700_000
	want := pattern(size)
	eachWrap(t, func(t *testing.T, w wrap) {
		for _, carrier := range carriers {
			for name, how := range hows {
				t.Run(carrier+" "+name, func(t *testing.T) {
					for _, from := range []int{0, 1, 20_000, 64 << 10, 100_000 + rand.IntN(size-100_000)} {
						h := &switcher{t: t, wrap: w, from: from, how: how, ended: make(chan error, 1)}
						r := runCarried(t, &server.Server{Handler: h, Loops: 1}, carrier)
						c := r.dial()
						go func() {
							for p := want; len(p) > 0; {
								n := min(len(p), 1+rand.IntN(50_000))
								if _, err := c.Write(p[:n]); err != nil {
									t.Error(err)
									return
								}
								p = p[n:]
							}
							uvtest.Expect(t, c.(halfCloser).CloseWrite())
						}()
						got, err := io.ReadAll(c)
						if err != nil || !bytes.Equal(got, want) {
							t.Errorf("from %d: %d bytes came back of %d, %v", from, len(got), size, err)
						}
						h.wg.Wait()
						if err := <-h.ended; err != nil {
							t.Errorf("Close got %v", err)
						}
						if n := r.Stats().Closed; n != (server.Closed{Detached: 1}) {
							t.Errorf("%+v", n)
						}
						c.Close()
						r.stop()
					}
				})
			}
		}
	})
}

// TestDetachReturnsWhatWrapMade: the type is wrap's, also when the loop had read ahead, if it is uvnet's; and
// one of package net's is inside.
func TestDetachReturnsWhatWrapMade(t *testing.T) {
	n := uvnetOf(t)
	for _, ahead := range []bool{false, true} {
		for _, w := range []wrap{net.FileConn, n.FileConn} {
			detached := make(chan net.Conn, 1)
			sent := make(chan struct{})
			h := newProbe(t)
			h.onOpen = func(c *server.Conn) { <-sent }
			h.onData = func(c *server.Conn, p []byte) {
				nc, err := c.Detach(w)
				uvtest.Expect(t, err)
				detached <- nc
			}
			r := run(t, &server.Server{Handler: h, Loops: 1})
			c := r.dial()
			size := 1000
			if ahead {
				size = 200_000 // a turn reads several chunks of 64 KiB
			}
			send(t, c, make([]byte, size))
			close(sent)
			nc := <-detached
			_, isNet := nc.(*net.TCPConn)
			_, isUV := nc.(*uvnet.TCPConn)
			inside, has := nc.(interface{ NetConn() net.Conn })
			switch {
			case isUV, isNet && !ahead:
			case has && ahead:
				if _, ok := inside.NetConn().(*net.TCPConn); !ok {
					t.Errorf("a %T is inside", inside.NetConn())
				}
			default:
				t.Errorf("a %T with bytes ahead %v", nc, ahead)
			}
			nc.Close()
		}
	}
}

// TestDetachOfHalfClosed: either side may have ended before.
func TestDetachOfHalfClosed(t *testing.T) {
	eachWrap(t, func(t *testing.T, w wrap) {
		for _, carrier := range carriers {
			t.Run(carrier, func(t *testing.T) {
				p := newProbe(t)
				h := &fullProbe{probe: p}
				detached := make(chan net.Conn, 1)
				detach := func(c *server.Conn) {
					nc, err := c.Detach(w)
					uvtest.Expect(t, err)
					detached <- nc
				}
				h.onEOF = detach
				h.onData = func(c *server.Conn, p []byte) {
					if string(p) == "end" {
						uvtest.Must(c.Write([]byte("ended")))
						uvtest.Check(t, c.CloseWrite())
						detach(c)
					}
				}
				r := runCarried(t, &server.Server{Handler: h, Loops: 1}, carrier)

				c := r.dial()
				send(t, c, []byte("hello"))
				uvtest.Check(t, c.(halfCloser).CloseWrite())
				nc := <-detached
				if n, err := nc.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Errorf("the end of the client's side: %d, %v", n, err)
				}
				send(t, nc, []byte("answer"))
				nc.Close()
				if got, err := io.ReadAll(c); string(got) != "answer" || err != nil {
					t.Errorf("%q, %v", got, err)
				}

				c = r.dial()
				send(t, c, []byte("end"))
				nc = <-detached
				if got, err := io.ReadAll(c); string(got) != "ended" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
				send(t, c, []byte("more"))
				if got := receive(t, nc, 4); string(got) != "more" {
					t.Errorf("%q", got)
				}
				if n, err := nc.Write([]byte("x")); err == nil {
					t.Errorf("a write behind the end of our side: %d", n)
				}
				nc.Close()
			})
		}
	})
}

// TestDetachFails: each error leaves the connection as it was.
func TestDetachFails(t *testing.T) {
	errWrap := errors.New("no")
	failing := func(f *os.File) (net.Conn, error) {
		_ = syscall.SetNonblock(int(f.Fd()), false) // the socket is shared
		return nil, errWrap
	}
	for _, carrier := range carriers {
		t.Run(carrier, func(t *testing.T) {
			h := newProbe(t)
			step := 0
			h.onData = func(c *server.Conn, p []byte) {
				want := func(name string, w wrap, want error) {
					nc, err := c.Detach(w)
					if !errors.Is(err, want) || nc != nil {
						t.Errorf("%s: %v, %v", name, nc, err)
					}
				}
				switch step++; step {
				case 1:
					want("no wrap", nil, uv.EINVAL)
					want("wrap fails", failing, errWrap)
					want("wrap returns nothing", func(*os.File) (net.Conn, error) { return nil, nil }, server.ErrNoConn)
					done := make(chan error)
					go func() {
						_, err := c.Detach(net.FileConn)
						done <- err
					}()
					if err := <-done; !errors.Is(err, uv.ErrNotOwner) {
						t.Errorf("on another goroutine: %v", err)
					}
					fd := uvtest.Must(server.FD(c))
					if fl := uvtest.Must(unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)); fl&unix.O_NONBLOCK == 0 {
						t.Error("the socket blocks")
					}
				case 2:
					c.Write(make([]byte, 30<<20))
					want("unsent", net.FileConn, uv.EAGAIN)
					c.Abort()
					want("closed", net.FileConn, net.ErrClosed)
					return
				}
				uvtest.Must(c.Write(p))
			}
			r := runCarried(t, &server.Server{Handler: h, Loops: 1, Logger: lenient()}, carrier)
			c := r.dial()
			roundTrip(t, c, "hello")
			send(t, c, []byte("again"))
			<-h.closed
			if n := r.Stats().Closed; n != (server.Closed{Aborted: 1}) {
				t.Errorf("%+v", n)
			}
		})
	}
	var zero server.Conn
	if _, err := zero.Detach(net.FileConn); !errors.Is(err, uv.EINVAL) {
		t.Errorf("of a zero Conn: %v", err)
	}
}

// TestDetachTellsOfAFailure: what the loop has read ends with a failure, which the socket tells only once. A unix
// socket has one when its peer closes and has not read everything.
func TestDetachTellsOfAFailure(t *testing.T) {
	h := newProbe(t)
	got := make(chan error, 1)
	h.onOpen = func(c *server.Conn) {
		uvtest.Must(c.Write([]byte("unread")))
		c.Pause()
	}
	h.onData = func(c *server.Conn, p []byte) {
		if len(got) == 0 {
			nc, err := c.Detach(net.FileConn)
			got <- err
			if err == nil {
				nc.Close()
			}
		}
	}
	r := runCarried(t, &server.Server{Handler: h, Loops: 1}, "unix")
	client := r.dial()
	c := <-h.opened
	on(t, c, func() {})
	on(t, c, func() {})                    // what was written has left
	send(t, client, make([]byte, 128<<10)) // two whole reads, behind which libuv reads on
	uvtest.Check(t, client.Close())
	on(t, c, c.Resume)
	if err := <-got; !errors.Is(err, uv.ECONNRESET) {
		t.Errorf("Detach: %v", err)
	}
	if end := <-h.closed; !errors.Is(end.err, uv.ECONNRESET) {
		t.Errorf("Close: %v", end.err)
	}
}
