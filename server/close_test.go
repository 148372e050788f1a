package server_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// A halfCloser is a client's connection whose own side can be ended.
type halfCloser interface{ CloseWrite() error }

// slowly reads to the end in small pieces.
func slowly(t testing.TB, c net.Conn) []byte {
	t.Helper()
	var got []byte
	p := make([]byte, 3000)
	for {
		n, err := c.Read(p)
		got = append(got, p[:n]...)
		if err == io.EOF {
			return got
		}
		uvtest.Check(t, err)
	}
}

// eachNetwork runs body for a TCP and a unix server.
func eachNetwork(t *testing.T, body func(t *testing.T, addr string)) {
	t.Run("tcp", func(t *testing.T) { body(t, anyTCP) })
	t.Run("unix", func(t *testing.T) { body(t, "unix://"+uvtest.SocketPath(t)) })
}

func TestCloseFlushesToASlowReader(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		written := make(chan []byte, 1)
		h := newProbe(t)
		h.onData = func(c *server.Conn, _ []byte) {
			all := flood(t, c, 1<<20)
			c.Close()
			if c.Buffered() == 0 {
				t.Error("nothing is left to flush")
			}
			c.Close()
			written <- all
		}
		r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: maxWait}, addr)
		client := r.dial()
		small(t, client)
		send(t, client, []byte("x"))
		want := <-written
		if got := slowly(t, client); !bytes.Equal(got, want) {
			t.Errorf("%d bytes came, %d were written before Close; equal: %t", len(got), len(want), bytes.Equal(got, want))
		}
		client.Close()
		if end := <-h.closed; end.err != nil {
			t.Errorf("Close got %v", end.err)
		}
	})
}

func TestEndOfThePeerFlushesToo(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		written := make(chan []byte, 1)
		h := newProbe(t)
		h.onData = func(c *server.Conn, p []byte) {
			if p[len(p)-1] == '.' {
				written <- flood(t, c, 1<<20)
			}
		}
		r := run(t, &server.Server{Handler: h, Loops: 1, HighWater: 8 << 20, CloseTimeout: maxWait}, addr)
		client := r.dial()
		small(t, client)
		send(t, client, []byte("a request."))
		uvtest.Check(t, client.(halfCloser).CloseWrite())
		want := <-written
		if got := slowly(t, client); !bytes.Equal(got, want) {
			t.Errorf("%d bytes came of %d", len(got), len(want))
		}
		if end := <-h.closed; end.err != io.EOF {
			t.Errorf("Close got %v", end.err)
		}
	})
}

// TestCloseTimeoutCuts has a client that never reads.
func TestCloseTimeoutCuts(t *testing.T) {
	for _, tt := range []struct {
		name string
		data func(c *server.Conn)
		end  func(client net.Conn) // of the client's side
	}{
		{"close", func(c *server.Conn) { c.Close() }, func(net.Conn) {}},
		{"peer's end", func(*server.Conn) {}, func(client net.Conn) { client.(halfCloser).CloseWrite() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, addr string) {
				h := newProbe(t)
				cancelled := make(chan error, 1)
				h.onData = func(c *server.Conn, _ []byte) {
					flood(t, c, 1<<20)
					uvtest.Expect(t, c.WriteFunc(func(err error) { cancelled <- err }, make([]byte, 1<<20)))
					tt.data(c)
				}
				r := run(t, &server.Server{Handler: h, Loops: 1, HighWater: 16 << 20, CloseTimeout: 20 * time.Millisecond}, addr)
				client := r.dial()
				small(t, client)
				send(t, client, []byte("x"))
				tt.end(client)
				if end := <-h.closed; !errors.Is(end.err, uv.ETIMEDOUT) || !errors.Is(end.err, os.ErrDeadlineExceeded) {
					t.Errorf("Close got %v, want ETIMEDOUT", end.err)
				}
				if err := <-cancelled; !errors.Is(err, uv.ECANCELED) {
					t.Errorf("the write ended with %v", err)
				}
				if n, err := io.Copy(io.Discard, client); client.LocalAddr().Network() == "tcp" && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("the client takes %d bytes for all: %v", n, err)
				}
			})
		})
	}
}

func TestCloseWriteLeavesTheOtherHalfOpen(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := newProbe(t)
		var got []byte
		more := make(chan bool, 10)
		h.onData = func(c *server.Conn, p []byte) {
			if got == nil {
				c.Write([]byte("first and last"))
				for range 2 {
					if err := c.CloseWrite(); err != nil {
						t.Errorf("CloseWrite: %v", err)
					}
				}
				if _, err := c.Write(p); !errors.Is(err, uv.EPIPE) {
					t.Errorf("Write after CloseWrite: %v", err)
				}
				if err := c.WriteFunc(nil, p); !errors.Is(err, uv.EPIPE) {
					t.Errorf("WriteFunc after CloseWrite: %v", err)
				}
			}
			if got = append(got, p...); string(got) == "one two" {
				more <- true
			}
		}
		r := run(t, &server.Server{Handler: h, Loops: 1}, addr)
		client := r.dial()
		send(t, client, []byte("one"))
		if p, err := io.ReadAll(client); string(p) != "first and last" || err != nil {
			t.Errorf("client got %q, %v", p, err)
		}
		send(t, client, []byte(" two"))
		<-more
		if len(h.closed) != 0 {
			t.Error("the connection is closed although its reading half is open")
		}
		client.Close()
		if end := <-h.closed; end.err != io.EOF {
			t.Errorf("Close got %v", end.err)
		}
	})
}

// TestEOFHandler ends a connection in the ways that an EOFHandler can.
func TestEOFHandler(t *testing.T) {
	answer := pattern(6 << 20)
	for _, tt := range []struct {
		name string
		data func(c *server.Conn)
		eof  func(c *server.Conn)
		want []byte
		err  error
	}{
		{"answer and Close", nil, func(c *server.Conn) { c.Write(answer); c.Close() }, answer, io.EOF},
		{"answer and CloseWrite", nil, func(c *server.Conn) { c.Write(answer); c.CloseWrite() }, answer, io.EOF},
		{"CloseWrite before", func(c *server.Conn) { c.CloseWrite() }, func(*server.Conn) {}, nil, io.EOF},
		{"CloseWrite long before", func(c *server.Conn) { c.Write(answer); c.CloseWrite() }, func(*server.Conn) {}, answer, io.EOF},
		{"later", nil, func(c *server.Conn) {
			if err := c.Loop().Post(func() { c.Write(answer); c.Close() }); err != nil {
				t.Error(err)
			}
		}, answer, io.EOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, addr string) {
				h := newProbe(t)
				var got []byte
				h.onData = func(c *server.Conn, p []byte) {
					got = append(got, p...)
					if tt.data != nil && got[len(got)-1] == '.' {
						tt.data(c)
					}
				}
				eofs := uvtest.NewCounter(t, "EOF", 1)
				full := &fullProbe{probe: h, onDrain: func(*server.Conn) {}, onEOF: func(c *server.Conn) {
					eofs.Inc()
					if string(got) != "the whole request." {
						t.Errorf("EOF after %q", got)
					}
					tt.eof(c)
				}}
				r := run(t, &server.Server{Handler: full, Loops: 1, CloseTimeout: maxWait}, addr)
				client := r.dial()
				small(t, client)
				send(t, client, []byte("the whole request."))
				uvtest.Check(t, client.(halfCloser).CloseWrite())
				if got := slowly(t, client); !bytes.Equal(got, tt.want) {
					t.Errorf("%d bytes came, want %d", len(got), len(tt.want))
				}
				if end := <-h.closed; end.err != tt.err {
					t.Errorf("Close got %v, want %v", end.err, tt.err)
				}
			})
		})
	}
}

// TestResetAfterEOF has the peer end its side, and reset the connection before it has got the answer.
func TestResetAfterEOF(t *testing.T) {
	h := newProbe(t)
	eof := make(chan bool)
	full := &fullProbe{probe: h, onDrain: func(*server.Conn) {}, onEOF: func(c *server.Conn) {
		flood(t, c, 1<<20)
		eof <- true
	}}
	r := run(t, &server.Server{Handler: full, Loops: 1})
	client := r.dial()
	small(t, client)
	uvtest.Check(t, client.(halfCloser).CloseWrite())
	<-eof
	uvtest.Check(t, client.(*net.TCPConn).SetLinger(0))
	client.Close()
	if end := <-h.closed; !errors.Is(end.err, uv.ECONNRESET) && !errors.Is(end.err, uv.EPIPE) {
		t.Errorf("Close got %v, although bytes were lost", end.err)
	}
}

// TestCloseInEveryCallback closes or aborts the connection wherever its handler
// is called.
func TestCloseInEveryCallback(t *testing.T) {
	ways := map[string]func(c *server.Conn){
		"close":            func(c *server.Conn) { c.Close() },
		"abort":            func(c *server.Conn) { c.Abort() },
		"close and abort":  func(c *server.Conn) { c.Close(); c.Abort() },
		"write and close":  func(c *server.Conn) { c.Write(make([]byte, 70_000)); c.Close() },
		"half and close":   func(c *server.Conn) { c.CloseWrite(); c.Close() },
		"pause and close":  func(c *server.Conn) { c.Pause(); c.Close(); c.Resume() },
		"close and resume": func(c *server.Conn) { c.Close(); c.Pause(); c.Resume() },
	}
	for _, place := range []string{"Open", "Data", "Drain", "EOF", "WriteFunc", "Close"} {
		for name, end := range ways {
			t.Run(place+"/"+name, func(t *testing.T) {
				looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
					eachNetwork(t, func(t *testing.T, addr string) { closeIn(t, place, end, park, addr) })
				})
			})
		}
	}
}

func closeIn(t *testing.T, place string, end func(*server.Conn), park uvgo.Option, addr string) {
	h := newProbe(t)
	full := make(chan bool, 1)
	at := func(here string, c *server.Conn) {
		if here == place {
			end(c)
		}
	}
	h.onOpen = func(c *server.Conn) { at("Open", c) }
	h.onData = func(c *server.Conn, p []byte) {
		switch place {
		case "Drain":
			flood(t, c, 1<<20)
			full <- true
		case "WriteFunc":
			uvtest.Expect(t, c.WriteFunc(func(error) { end(c) }, make([]byte, 1<<20)))
		default:
			at("Data", c)
		}
	}
	h.onClose = func(c *server.Conn, _ error) { at("Close", c) }
	all := &fullProbe{
		probe:   h,
		onDrain: func(c *server.Conn) { at("Drain", c) },
		onEOF: func(c *server.Conn) {
			at("EOF", c)
			if place == "Close" {
				c.Close()
			}
		},
	}
	r := run(t, &server.Server{Handler: all, Loops: 1, Options: []uvgo.Option{park}, CloseTimeout: maxWait, HighWater: 1 << 20}, addr)
	client, err := net.Dial(r.Addrs()[0].Network(), r.Addrs()[0].String())
	if err == nil { // else it was aborted before Dial looked
		defer client.Close()
		if place == "Drain" {
			small(t, client)
		}
		client.Write([]byte("x"))
		if place == "Drain" { // it reads only now
			<-full
		}
		if place == "EOF" || place == "Close" {
			client.(halfCloser).CloseWrite()
		}
		_, _ = io.Copy(io.Discard, client)
		client.Close()
	}
	<-h.closed
	r.stop()
	if n := len(h.closed); n != 0 {
		t.Errorf("%d further calls of Close", n)
	}
}
