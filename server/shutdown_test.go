package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// awaitClosing waits until Shutdown has reached the connection: from then on it
// refuses writes.
func awaitClosing(t *testing.T, c *server.Conn) {
	t.Helper()
	for leaving := false; !leaving; runtime.Gosched() {
		on(t, c, func() {
			_, err := c.Write(nil)
			leaving = errors.Is(err, net.ErrClosed)
		})
	}
}

// TestShutdownFlushesToSlowReaders shuts down while bytes for clients are queued. Some clients
// have ended their side before, some do so meanwhile.
func TestShutdownFlushesToSlowReaders(t *testing.T) {
	const clients = 6
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
				addr := anyTCP
				if network == "unix" {
					addr = "unix://" + uvtest.SocketPath(t)
				}
				want := pattern(6 << 20)
				h := newProbe(t)
				h.onOpen = func(c *server.Conn) {
					if _, err := c.Write(want); err != nil {
						t.Error(err)
					}
				}
				full := &fullProbe{probe: h, onDrain: func(*server.Conn) {}, onEOF: func(*server.Conn) {}}
				r := run(t, &server.Server{Handler: full, Loops: 2, Options: []uvgo.Option{park}, CloseTimeout: 2 * maxWait, HighWater: 8 << 20}, addr)
				var conns []net.Conn
				for range clients {
					c := r.dial()
					small(t, c)
					conns = append(conns, c)
				}
				served := make([]*server.Conn, clients)
				for i := range served {
					served[i] = <-h.opened
				}
				for _, c := range conns[:2] {
					uvtest.Check(t, c.(halfCloser).CloseWrite())
				}
				ended := make(chan error, 1)
				go func() { ended <- r.Shutdown(context.Background()) }()
				for _, c := range served {
					awaitClosing(t, c)
				}
				for i, c := range conns {
					switch {
					case i < 4 && i >= 2:
						uvtest.Check(t, c.(halfCloser).CloseWrite())
					case i >= 4:
						send(t, c, []byte("too late"))
					}
				}
				var wg sync.WaitGroup
				for _, c := range conns {
					wg.Go(func() {
						if got, err := io.ReadAll(c); !bytes.Equal(got, want) || err != nil {
							t.Errorf("%d bytes came of %d, %v", len(got), len(want), err)
						}
						c.Close()
					})
				}
				wg.Wait()
				uvtest.Check(t, <-ended)
				uvtest.Check(t, <-r.served)
				for range clients {
					if end := <-h.closed; end.err != nil && end.err != io.EOF {
						t.Errorf("Close got %v", end.err)
					}
				}
				r.served <- nil // for stop
			})
		})
	}
}

// TestShutdownWaitsForThePeersEnd: what a client sends between our end and its
// own makes no reset, by which it would lose our last bytes.
func TestShutdownWaitsForThePeersEnd(t *testing.T) {
	r := run(t, &server.Server{Handler: echo(t), Loops: 1, CloseTimeout: maxWait})
	client := r.dial()
	roundTrip(t, client, "hello")
	ended := make(chan error, 1)
	go func() { ended <- r.Shutdown(context.Background()) }()
	wantEnd(t, client)
	for range 100 {
		send(t, client, make([]byte, 10_000))
	}
	if len(ended) != 0 {
		t.Error("Shutdown has not waited")
	}
	client.Close()
	uvtest.Check(t, <-ended)
}

func TestShutdownTimesOutOnSilentPeers(t *testing.T) {
	h := echo(t)
	r := run(t, &server.Server{Handler: h, Loops: 2, CloseTimeout: 20 * time.Millisecond})
	for range 4 {
		roundTrip(t, r.dial(), "hello")
	}
	uvtest.Check(t, r.Shutdown(context.Background()))
	for range 4 {
		if end := <-h.closed; end.err != nil {
			t.Errorf("Close got %v, although everything was sent", end.err)
		}
	}
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		ways := map[string]func() (context.Context, context.CancelFunc){
			"expired": func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				return ctx, cancel
			},
			"expiring": func() (context.Context, context.CancelFunc) {
				return context.WithTimeout(context.Background(), 10*time.Millisecond)
			},
		}
		for name, way := range ways {
			t.Run(name, func(t *testing.T) {
				h := echo(t)
				r := run(t, &server.Server{Handler: h, Loops: 2, Options: []uvgo.Option{park}, CloseTimeout: 2 * maxWait})
				for range 6 {
					roundTrip(t, r.dial(), "hello")
				}
				ctx, cancel := way()
				defer cancel()
				if err := r.Shutdown(ctx); !errors.Is(err, ctx.Err()) || err == nil {
					t.Errorf("Shutdown: %v, want %v", err, ctx.Err())
				}
				uvtest.Check(t, <-r.served) // at once, but on a busy machine not before Shutdown returns
				if n := len(h.closed); n != 6 {
					t.Errorf("%d of 6 connections are closed when Serve returns", n)
				}
				r.served <- nil // for stop
			})
		}
	})
}

func TestShutdownBeforeServe(t *testing.T) {
	path := uvtest.SocketPath(t)
	for _, addrs := range [][]string{nil, {tcpURL(reserve(t, false)), "unix://" + path}} {
		s := &server.Server{Handler: newProbe(t), Loops: 2}
		if addrs != nil {
			uvtest.Check(t, s.Listen(addrs...))
		}
		bound := s.Addrs()
		for range 3 {
			uvtest.Check(t, s.Shutdown(context.Background()))
		}
		for _, a := range bound {
			if c, err := net.Dial(a.Network(), a.String()); err == nil {
				c.Close()
				t.Errorf("%v still listens", a)
			}
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket file: %v", err)
		}
		if err := s.Listen(anyTCP); !errors.Is(err, server.ErrServerClosed) {
			t.Errorf("Listen afterwards: %v", err)
		}
		if err := s.Serve(context.Background()); !errors.Is(err, server.ErrServerClosed) {
			t.Errorf("Serve afterwards: %v", err)
		}
		if err := s.ListenAndServe(context.Background(), anyTCP); !errors.Is(err, server.ErrServerClosed) {
			t.Errorf("ListenAndServe afterwards: %v", err)
		}
	}
}

func TestShutdownTwiceAndAtOnce(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		h := echo(t)
		r := run(t, &server.Server{Handler: h, Loops: 3, Options: []uvgo.Option{park}})
		for range 10 {
			c := r.dial()
			roundTrip(t, c, "hello")
			go func() { // a client that behaves
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			}()
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				uvtest.Expect(t, r.Shutdown(context.Background()))
				if n := len(h.closed); n != 10 {
					t.Errorf("%d of 10 connections are closed when Shutdown returns", n)
				}
			})
		}
		wg.Wait()
		uvtest.Check(t, r.Shutdown(context.Background()))
		if err := r.Serve(context.Background()); !errors.Is(err, server.ErrServerClosed) {
			t.Errorf("Serve afterwards: %v", err)
		}
	})
}

// TestShutdownMeetsServe calls Shutdown in the moment in which Serve begins.
func TestShutdownMeetsServe(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		uvtest.Watchdog(t, 2*maxWait)
		for range 100 {
			s := &server.Server{Handler: newProbe(t), Loops: 2, Options: []uvgo.Option{park}}
			uvtest.Check(t, s.Listen(anyTCP))
			ended := make(chan error)
			go func() { ended <- s.Shutdown(context.Background()) }()
			if err := s.Serve(context.Background()); err != nil && !errors.Is(err, server.ErrServerClosed) {
				t.Errorf("Serve: %v", err)
			}
			uvtest.Check(t, <-ended)
		}
	})
}

// TestShutdownTellsOfBytesItDropped has a client that does not read.
func TestShutdownTellsOfBytesItDropped(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := newProbe(t)
		r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: 20 * time.Millisecond}, addr)
		small(t, r.dial())
		c := <-h.opened
		on(t, c, func() { flood(t, c, 1<<20) })
		if err := r.Shutdown(context.Background()); !errors.Is(err, uv.ETIMEDOUT) {
			t.Errorf("Shutdown: %v, want ETIMEDOUT", err)
		}
		if end := <-h.closed; !errors.Is(end.err, uv.ETIMEDOUT) {
			t.Errorf("Close got %v, want ETIMEDOUT", end.err)
		}
	})
}
