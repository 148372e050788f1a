package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// shutdown calls Shutdown on a goroutine and returns once it has reached the
// connection's loop.
func shutdown(t *testing.T, r *running, c *server.Conn) chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- r.Shutdown(context.Background()) }()
	for draining := false; !draining; {
		on(t, c, func() { draining = server.Draining(c) })
	}
	return ended
}

// TestShutdownAwaitsAnAnswer: a goroutine answers what arrived before Shutdown, in one
// turn or several. Meanwhile a connection without work under way closes.
func TestShutdownAwaitsAnAnswer(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
			h := newProbe(t)
			asked := make(chan *server.Conn, 1)
			h.onData = func(c *server.Conn, p []byte) {
				if string(p) == "hello" {
					c.Write(p)
					return
				}
				asked <- c
			}
			r := run(t, &server.Server{Handler: h, Loops: 1, Options: []uvgo.Option{park}, CloseTimeout: maxWait}, addr)
			idle, client := r.dial(), r.dial()
			roundTrip(t, idle, "hello")
			roundTrip(t, client, "hello")
			send(t, client, []byte("request"))
			c := <-asked
			ended := shutdown(t, r, c)
			wantEnd(t, idle)
			idle.Close()
			send(t, client, []byte(", and the rest of it"))
			<-asked
			uvtest.Check(t, c.Loop().Post(func() {
				for _, part := range []string{"an", "swer"} {
					if _, err := c.Write([]byte(part)); err != nil {
						t.Errorf("Write: %v", err)
					}
				}
			}))
			if got, err := io.ReadAll(client); string(got) != "answer" || err != nil {
				t.Errorf("the client got %q, %v", got, err)
			}
			if len(ended) != 0 {
				t.Error("Shutdown has not waited")
			}
			on(t, c, func() {
				if _, err := c.Write([]byte("more")); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Write behind the answer: %v", err)
				}
			})
			client.Close()
			uvtest.Check(t, <-ended)
		})
	})
}

// TestShutdownAwaitsAnswersToTheEnd: clients that have ended their side are
// answered, too.
func TestShutdownAwaitsAnswersToTheEnd(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := newProbe(t)
		asked := make(chan *server.Conn, 1)
		full := &fullProbe{probe: h, onDrain: func(*server.Conn) {}, onEOF: func(c *server.Conn) { asked <- c }}
		r := run(t, &server.Server{Handler: full, Loops: 1, CloseTimeout: maxWait}, addr)
		client := r.dial()
		send(t, client, []byte("request"))
		uvtest.Check(t, client.(halfCloser).CloseWrite())
		c := <-asked
		ended := shutdown(t, r, c)
		uvtest.Check(t, c.Loop().Post(func() { uvtest.Expect(t, c.WriteFunc(nil, []byte("answer"))) }))
		if got, err := io.ReadAll(client); string(got) != "answer" || err != nil {
			t.Errorf("the client got %q, %v", got, err)
		}
		uvtest.Check(t, <-ended)
		if end := <-h.closed; end.err != io.EOF {
			t.Errorf("Close got %v", end.err)
		}
	})
}

// TestShutdownAwaitsAnswersForCloseTimeout: a protocol without answers does not
// keep the server from ending.
func TestShutdownAwaitsAnswersForCloseTimeout(t *testing.T) {
	h := newProbe(t)
	asked := make(chan *server.Conn, 1)
	h.onData = func(c *server.Conn, _ []byte) { asked <- c }
	r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: 20 * time.Millisecond})
	client := r.dial()
	send(t, client, []byte("one way"))
	<-asked
	uvtest.Check(t, r.Shutdown(context.Background()))
	if end := <-h.closed; end.err != nil {
		t.Errorf("Close got %v", end.err)
	}
	wantEnd(t, client)
}

// TestHold keeps a connection open for longer than CloseTimeout.
func TestHold(t *testing.T) {
	for name, release := range map[string]func(c *server.Conn){
		"on the loop":    func(c *server.Conn) { _ = c.Loop().Post(c.Release) },
		"on a goroutine": func(c *server.Conn) { c.Release() },
	} {
		t.Run(name, func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, addr string) {
				h := newProbe(t)
				asked := make(chan *server.Conn, 1)
				h.onData = func(c *server.Conn, p []byte) {
					c.Release() // of nothing
					c.Hold()
					c.Hold()
					c.Write(p)
					asked <- c
				}
				r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: 10 * time.Millisecond}, addr)
				client := r.dial()
				roundTrip(t, client, "request")
				c := <-asked
				ended := shutdown(t, r, c)
				for i := range 5 {
					if i == 2 {
						c.Release() // one is left
					}
					late := make(chan bool)
					on(t, c, func() { // longer than CloseTimeout
						_, err := c.Loop().AfterFunc(10*time.Millisecond, func() { close(late) })
						uvtest.Expect(t, err)
					})
					<-late
					on(t, c, func() { c.Write([]byte("part")) })
					receive(t, client, 4)
				}
				if len(ended) != 0 {
					t.Error("Shutdown has not waited")
				}
				release(c)
				wantEnd(t, client)
				client.Close()
				uvtest.Check(t, <-ended)
				c.Hold() // of a connection that is gone
				c.Release()
			})
		})
	}
}

// TestHoldOutlivesThePeersEnd: without an EOFHandler the peer's end would close
// the connection, also one that a goroutine is about to answer.
func TestHoldOutlivesThePeersEnd(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := newProbe(t)
		asked := make(chan *server.Conn, 1)
		h.onData = func(c *server.Conn, p []byte) { c.Hold(); asked <- c }
		r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: maxWait}, addr)
		client := r.dial()
		send(t, client, []byte("request"))
		uvtest.Check(t, client.(halfCloser).CloseWrite())
		c := <-asked
		for ended := false; !ended; {
			on(t, c, func() { ended = server.Ended(c) })
		}
		uvtest.Check(t, c.Loop().Post(func() { c.Write([]byte("answer")) }))
		c.Release()
		if got, err := io.ReadAll(client); string(got) != "answer" || err != nil {
			t.Errorf("the client got %q, %v", got, err)
		}
		if end := <-h.closed; end.err != io.EOF {
			t.Errorf("Close got %v", end.err)
		}
	})
}

// TestReleaseMeetsShutdown calls Release in the moment in which Shutdown begins.
func TestReleaseMeetsShutdown(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		for range 50 {
			h := newProbe(t)
			h.onData = func(c *server.Conn, p []byte) { c.Write(p); c.Hold() }
			r := run(t, &server.Server{Handler: h, Loops: 2, Options: []uvgo.Option{park}, CloseTimeout: 2 * maxWait})
			client := r.dial()
			roundTrip(t, client, "hello")
			c := <-h.opened
			go c.Release()
			ended := make(chan error, 1)
			go func() { ended <- r.Shutdown(context.Background()) }()
			wantEnd(t, client)
			client.Close()
			uvtest.Check(t, <-ended)
		}
	})
}

// TestShutdownLetsADrainerFinish: an answer that is written piece by piece, as fast as the
// peer reads it, arrives whole.
func TestShutdownLetsADrainerFinish(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		const size = 8 << 20
		h := newProbe(t)
		left, asked := 0, make(chan *server.Conn, 1)
		pump := func(c *server.Conn) {
			for left > 0 && !c.Full() {
				n, err := c.Write(make([]byte, min(left, 100_000)))
				uvtest.Expect(t, err)
				left -= n
			}
		}
		h.onData = func(c *server.Conn, _ []byte) { left = size; pump(c); asked <- c }
		full := &fullProbe{probe: h, onDrain: pump, onEOF: func(*server.Conn) {}}
		r := run(t, &server.Server{Handler: full, Loops: 1, CloseTimeout: maxWait}, addr)
		client := r.dial()
		small(t, client)
		send(t, client, []byte("request"))
		ended := shutdown(t, r, <-asked)
		if n, err := io.Copy(io.Discard, client); n != size || err != nil {
			t.Errorf("the client got %d bytes of %d, %v", n, size, err)
		}
		client.Close()
		uvtest.Check(t, <-ended)
	})
}

// TestShutdownDoesNotWaitForACallback: one that blocks does not keep Shutdown from returning.
func TestShutdownDoesNotWaitForACallback(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		h := newProbe(t)
		blocked, free := make(chan bool), make(chan bool)
		h.onData = func(*server.Conn, []byte) { blocked <- true; <-free }
		r := run(t, &server.Server{Handler: h, Loops: 2, Options: []uvgo.Option{park}})
		send(t, r.dial(), []byte("x"))
		<-blocked
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || err == context.DeadlineExceeded {
			t.Errorf("Shutdown: %v, want the context's error and what is left", err)
		}
		if len(r.served) != 0 {
			t.Error("Serve has returned although a callback runs")
		}
		close(free)
		uvtest.Check(t, <-r.served)
		if len(h.closed) != 1 {
			t.Error("the connection was not closed")
		}
		r.served <- nil // for stop
	})
}

// TestShutdownInACallback: Shutdown cannot wait there, but ends the server.
func TestShutdownInACallback(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		h := newProbe(t)
		var s *server.Server
		got := make(chan error, 1)
		h.onData = func(c *server.Conn, p []byte) {
			c.Write(p)
			got <- s.Shutdown(context.Background())
		}
		s = &server.Server{Handler: h, Loops: 2, Options: []uvgo.Option{park}}
		r := run(t, s)
		client := r.dial()
		roundTrip(t, client, "quit")
		if err := <-got; !errors.Is(err, uv.ErrInCallback) {
			t.Errorf("Shutdown in a callback: %v", err)
		}
		wantEnd(t, client)
		client.Close()
		uvtest.Check(t, <-r.served)
		r.served <- nil // for stop
	})
}
