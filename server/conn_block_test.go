package server_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// eachDial runs a test with a server of one loop for plain TCP and for TLS.
func eachDial(t *testing.T, h server.Handler, test func(t *testing.T, dial func() net.Conn)) {
	t.Run("TCP", func(t *testing.T) {
		s := run(t, &server.Server{Handler: h, Loops: 1})
		test(t, func() net.Conn { return s.dial() })
	})
	t.Run("TLS", func(t *testing.T) {
		s := runTLS(t, &server.Server{Handler: h, Loops: 1})
		test(t, func() net.Conn { return s.dial() })
	})
}

// a handler of functions.
type handler struct {
	open  func(c *server.Conn)
	data  func(c *server.Conn, p []byte)
	close func(c *server.Conn, err error)
}

func (h *handler) Open(c *server.Conn) {
	if h.open != nil {
		h.open(c)
	}
}
func (h *handler) Data(c *server.Conn, p []byte) { h.data(c, p) }
func (h *handler) Close(c *server.Conn, err error) {
	if h.close != nil {
		h.close(c, err)
	}
}

// TestOpenThatBlocks: while Open blocks, the loop accepts and serves other connections. What
// the connection has sent comes behind its Open.
func TestOpenThatBlocks(t *testing.T) {
	var waits atomic.Pointer[chan struct{}] // of the first Open
	h := &handler{data: func(c *server.Conn, p []byte) { c.Write(append([]byte(c.Context().(string)), p...)) }}
	h.open = func(c *server.Conn) {
		if release := waits.Swap(nil); release != nil {
			uvtest.Expect(t, c.Loop().Block(func() { <-*release }))
		}
		c.SetContext("opened:")
	}
	eachDial(t, h, func(t *testing.T, dial func() net.Conn) {
		release := make(chan struct{})
		waits.Store(&release)
		slow := dial()
		defer slow.Close()
		uvtest.Must(slow.Write([]byte("early")))
		for range 3 {
			c := dial()
			asks(t, c, "x", "opened:x")
			c.Close()
		}
		close(release)
		asks(t, slow, "", "opened:early")
	})
}

// asks writes a question and reads an answer.
func asks(t *testing.T, c net.Conn, question, answer string) {
	t.Helper()
	if question != "" {
		uvtest.Must(c.Write([]byte(question)))
	}
	got := make([]byte, len(answer))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != answer {
		t.Fatalf("the answer is %q, %v, want %q", got, err, answer)
	}
}

// TestCallbacksThatBlock: the callbacks of a connection do not overlap, nothing is lost, and
// what Data was lent stays, however callbacks block.
func TestCallbacksThatBlock(t *testing.T) {
	p := newProbe(t)
	pause := func(c *server.Conn) {
		if d := rand.N(4 * 100 * time.Microsecond); d < 200*time.Microsecond {
			uvtest.Expect(t, c.Loop().Block(func() { time.Sleep(d) }))
		}
	}
	p.onOpen = pause
	p.onData = func(c *server.Conn, b []byte) {
		before := bytes.Clone(b)
		pause(c)
		if !bytes.Equal(b, before) {
			t.Error("what Data was lent has changed")
		}
		_, err := c.Write(b)
		uvtest.Expect(t, err)
		pause(c)
	}
	p.onClose = func(c *server.Conn, _ error) { pause(c) }
	eachDial(t, p, func(t *testing.T, dial func() net.Conn) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				c := dial()
				defer c.Close()
				sent := uvtest.Pattern(300<<10, uint32(i))
				go c.Write(sent)
				got := make([]byte, len(sent))
				if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, sent) {
					t.Errorf("the echo is wrong: %v", err)
				}
			})
		}
		wg.Wait()
	})
}

// A filler fills a connection from Data, and waits there for Drain.
type filler struct {
	handler
	drained chan struct{}
}

func (f *filler) Drain(*server.Conn) { f.drained <- struct{}{} }

// TestDataWaitsForDrain: a callback that blocks may wait for Drain of the same connection.
func TestDataWaitsForDrain(t *testing.T) {
	const total = 4 << 20
	f := &filler{drained: make(chan struct{}, 1)}
	f.data = func(c *server.Conn, _ []byte) {
		block := make([]byte, 64<<10)
		for left := total; left > 0; left -= len(block) {
			if _, err := c.Write(block); err != nil {
				t.Error(err)
				return
			}
			for c.Full() {
				uvtest.Expect(t, c.Loop().Block(func() { <-f.drained }))
			}
		}
		c.Close()
	}
	eachDial(t, f, func(t *testing.T, dial func() net.Conn) {
		c := dial()
		defer c.Close()
		uvtest.Must(c.Write([]byte("x")))
		if n, err := io.Copy(io.Discard, c); n != total || err != nil {
			t.Errorf("%d bytes of %d, %v", n, total, err)
		}
	})
}

// TestPanicBehindBlock: a panic closes the connection whose callback panicked, although
// others' callbacks have run meanwhile.
func TestPanicBehindBlock(t *testing.T) {
	h := &handler{}
	closed := make(chan error, 16)
	others := make(chan struct{})
	h.data = func(c *server.Conn, p []byte) {
		if string(p) == "panic" {
			_ = c.Loop().Block(func() { <-others })
			panic("behind Block")
		}
		c.Write(p)
	}
	h.close = func(_ *server.Conn, err error) { closed <- err }
	s := run(t, &server.Server{Handler: h, Loops: 1, Logger: slog.New(slog.DiscardHandler)})
	other, c := s.dial(), s.dial()
	defer other.Close()
	defer c.Close()
	uvtest.Must(c.Write([]byte("panic")))
	asks(t, other, "a", "a")
	close(others)
	var p *uv.PanicError
	if err := <-closed; !errors.As(err, &p) || p.Value != "behind Block" {
		t.Errorf("Close got %v", err)
	}
	asks(t, other, "b", "b")
}

// TestBlockedConnIsClosed: a connection is aborted while its Data blocks.
func TestBlockedConnIsClosed(t *testing.T) {
	order := make(chan string, 4)
	h := &handler{close: func(*server.Conn, error) { order <- "Close" }}
	h.data = func(c *server.Conn, p []byte) {
		uvtest.Expect(t, c.Loop().Block(func() {
			aborted := make(chan struct{})
			uvtest.Expect(t, c.Loop().Post(func() { c.Abort(); close(aborted) }))
			<-aborted
		}))
		if _, err := c.Write(p); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write: %v", err)
		}
		order <- "Data"
	}
	eachDial(t, h, func(t *testing.T, dial func() net.Conn) {
		c := dial()
		defer c.Close()
		uvtest.Must(c.Write([]byte("x")))
		if first, second := <-order, <-order; first != "Data" || second != "Close" {
			t.Errorf("%s came before %s", first, second)
		}
	})
}

// TestShutdownAwaitsBlockedCallbacks: Shutdown ends behind them, and their answers arrive.
func TestShutdownAwaitsBlockedCallbacks(t *testing.T) {
	inside, release := make(chan struct{}, 1), make(chan struct{}, 1)
	h := &handler{data: func(c *server.Conn, p []byte) {
		uvtest.Expect(t, c.Loop().Block(func() { inside <- struct{}{}; <-release }))
		c.Write(p)
	}}
	for name, secured := range map[string]bool{"TCP": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			s := &server.Server{Handler: h, Loops: 1}
			var c net.Conn
			if secured {
				c = runTLS(t, s).dial()
			} else {
				c = run(t, s).dial()
			}
			defer c.Close()
			uvtest.Must(c.Write([]byte("answer")))
			<-inside
			ended := make(chan error)
			go func() { ended <- s.Shutdown(t.Context()) }()
			release <- struct{}{}
			asks(t, c, "", "answer")
			if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("behind the answer: %d, %v", n, err)
			}
			c.Close()
			uvtest.Check(t, <-ended)
		})
	}
}

// TestBlockHoldsTheConnection: neither IdleTimeout nor Shutdown's CloseTimeout takes the answer
// away from a callback that blocks for longer.
func TestBlockHoldsTheConnection(t *testing.T) {
	for name, timeout := range map[string]func(s *server.Server){
		"IdleTimeout":  func(s *server.Server) { s.IdleTimeout = 20 * time.Millisecond },
		"CloseTimeout": func(s *server.Server) { s.CloseTimeout = 20 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			inside, release := make(chan struct{}), make(chan struct{})
			h := &handler{data: func(c *server.Conn, p []byte) {
				uvtest.Expect(t, c.Loop().Block(func() { close(inside); <-release }))
				c.Write(p)
			}}
			s := &server.Server{Handler: h, Loops: 1}
			timeout(s)
			r := run(t, s)
			c := r.dial()
			uvtest.Must(c.Write([]byte("answer")))
			<-inside
			ended := make(chan error, 1)
			if name == "CloseTimeout" {
				go func() { ended <- s.Shutdown(t.Context()) }()
			}
			time.Sleep(200 * time.Millisecond) // some timeouts: with a slower machine the test only sees less
			close(release)
			asks(t, c, "", "answer")
			c.Close()
			if name == "CloseTimeout" {
				uvtest.Check(t, <-ended)
			}
		})
	}
}

// TestOpensThatBlockInOneTurn: with MaxConns several connections that have waited may be opened in
// one turn. Each Open that blocks holds back its own connection, and no other.
func TestOpensThatBlockInOneTurn(t *testing.T) {
	const places, rounds = 3, 10
	p := newProbe(t)
	var conns []*server.Conn // of the round; the loop's
	served := 0
	answered := make(chan struct{}, 1)
	p.onOpen = func(c *server.Conn) {
		conns = append(conns, c)
		switch len(conns) {
		case 2:
			uvtest.Expect(t, c.Loop().Block(func() { time.Sleep(time.Millisecond) }))
		case 3:
			uvtest.Expect(t, c.Loop().Block(func() { <-answered })) // by Data of the second
		}
	}
	p.onData = func(c *server.Conn, b []byte) {
		if len(conns) > 1 && c == conns[1] {
			answered <- struct{}{}
		}
		c.Write(b)
		if served++; served == places { // all leave their places in one callback
			for _, c := range conns {
				c.Close()
			}
			conns, served = nil, 0
		}
	}
	s := run(t, &server.Server{Handler: p, Loops: 1, MaxConns: places, Logger: lenient()})
	var wg sync.WaitGroup
	for range places * rounds {
		c := s.dial()
		wg.Go(func() {
			uvtest.Must(c.Write([]byte("x")))
			_, _ = io.Copy(io.Discard, c)
			c.Close()
		})
	}
	wg.Wait()
}
