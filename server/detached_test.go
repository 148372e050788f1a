package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// detacher is a handler whose connections are detached when the first bytes come. What came goes first
// into what the test gets.
func detacher(t testing.TB, w wrap) (h *probe, detached chan net.Conn) {
	h, detached = newProbe(t), make(chan net.Conn, 1)
	h.onData = func(c *server.Conn, p []byte) {
		nc, err := c.Detach(w)
		uvtest.Expect(t, err)
		detached <- nc
	}
	return h, detached
}

// TestDetachedCountsForLimits: a connection keeps its place of MaxConns, and counts for its address, until it is closed, which
// may happen twice.
func TestDetachedCountsForLimits(t *testing.T) {
	eachWrap(t, func(t *testing.T, w wrap) {
		for _, carrier := range carriers {
			t.Run(carrier, func(t *testing.T) {
				h, detached := detacher(t, w)
				addrs := 1
				if carrier == "unix" {
					addrs = 0
				}
				for range 3 {
					r := runCarried(t, &server.Server{Handler: h, Loops: 1, MaxConns: 1, MaxConnsPerIP: 1, Logger: lenient()}, carrier)
					c := r.dial()
					send(t, c, []byte("x"))
					nc := <-detached
					<-h.closed
					if n := server.CountedAddrs(r.Server); n != addrs {
						t.Errorf("%d addresses are counted, want %d", n, addrs)
					}
					waits := r.dial()
					sent := make(chan error, 1)
					go func() { // with TLS the handshake has to wait, too
						_, err := waits.Write([]byte("y"))
						sent <- err
					}()
					uvtest.Eventually(t, "the next one waits", func() bool { return r.Stats().Pauses > 0 })
					if n := len(h.opened); n != 1 {
						t.Errorf("%d connections have been opened, and 1 may", n)
					}
					uvtest.Check(t, nc.Close())
					_ = nc.Close() // may fail
					next := <-detached
					uvtest.Check(t, <-sent)
					<-h.opened
					<-h.opened
					<-h.closed
					uvtest.Check(t, next.Close())
					c.Close()
					waits.Close()
					r.stop()
					if n := server.CountedAddrs(r.Server); n != 0 || server.Places(r.Server) != 0 {
						t.Errorf("%d addresses and %d places are counted at the end", n, server.Places(r.Server))
					}
				}
			})
		}
	})
}

// TestDetachedBehindProxy: the connection has the addresses that the header has announced, and begins with what came with the header.
func TestDetachedBehindProxy(t *testing.T) {
	eachWrap(t, func(t *testing.T, w wrap) {
		for _, in := range []string{"Open", "Data"} {
			for _, text := range []string{header1, header(t, 2, announced[0], announced[1])} {
				h, detached := detacher(t, w)
				want := "hello"
				if in == "Open" {
					h.onOpen = func(c *server.Conn) { h.onData(c, nil) }
				} else {
					want = ""
				}
				r := run(t, behindProxy(t, h, server.ProxyRequired, loopbackNet))
				c := r.dial()
				send(t, c, []byte(text+"hello"))
				nc := <-detached
				if got := [2]string{nc.RemoteAddr().String(), nc.LocalAddr().String()}; got != [2]string{announced[0].String(), announced[1].String()} {
					t.Errorf("addresses %v", got)
				}
				uvtest.Check(t, c.(halfCloser).CloseWrite())
				if got, err := io.ReadAll(nc); string(got) != want || err != nil {
					t.Errorf("in %s: %q, %v", in, got, err)
				}
				nc.Close()
			}
		}
	})
}

// detachFrames is a FrameHandler that detaches at a frame "detach", and notes the frames up to it.
type detachFrames struct {
	t        *testing.T
	wrap     wrap
	got      []string // of the connection that is open; the loop's
	frames   chan []string
	detached chan net.Conn
	ended    chan error
}

func (h *detachFrames) Open(c *server.Conn)             { h.got = nil }
func (h *detachFrames) Close(c *server.Conn, err error) { h.ended <- err }
func (h *detachFrames) Frame(c *server.Conn, p []byte) {
	if h.got = append(h.got, string(p)); string(p) == "wait" {
		c.Pause() // the frames behind it stall
		_ = c.Loop().Post(func() { c.Resume() })
	}
	if string(p) == "detach" {
		nc, err := c.Detach(h.wrap)
		uvtest.Expect(h.t, err)
		h.frames <- h.got
		h.detached <- nc
	}
}

// TestDetachInFrame: what follows the frame comes first from the connection, wherever the reads split the stream.
func TestDetachInFrame(t *testing.T) {
	const text = "one\ntwo\nwait\nthree\ndetach\nbehind\n and no frame"
	eachWrap(t, func(t *testing.T, w wrap) {
		for _, carrier := range carriers {
			t.Run(carrier, func(t *testing.T) {
				h := &detachFrames{t: t, wrap: w, frames: make(chan []string, 1), detached: make(chan net.Conn, 1), ended: make(chan error, 1)}
				long := strings.Repeat("long ", 200)
				r := runCarried(t, &server.Server{Handler: server.Frames(bufio.ScanLines, 4096, h), Loops: 1}, carrier)
				for at := range len(text) + 1 {
					c := r.dial()
					send(t, c, []byte(long+text[:at]))
					seen := r.Stats().Messages
					if at%3 == 0 { // otherwise both may come at once
						uvtest.Eventually(t, "the first part has come", func() bool { return r.Stats().Messages >= min(seen, 1) })
					}
					if at < len(text) {
						send(t, c, []byte(text[at:]))
					}
					uvtest.Check(t, c.(halfCloser).CloseWrite())
					nc := <-h.detached
					uvtest.Check(t, <-h.ended)
					if want := []string{long + "one", "two", "wait", "three", "detach"}; !slices.Equal(<-h.frames, want) {
						t.Errorf("split at %d: other frames than %q", at, want)
					}
					if got, err := io.ReadAll(nc); string(got) != "behind\n and no frame" || err != nil {
						t.Errorf("split at %d: %q, %v", at, got, err)
					}
					nc.Close()
					c.Close()
				}
			})
		}
	})
}

// TestDetachedOutlivesTheServer: Shutdown neither waits for the connection nor closes it.
func TestDetachedOutlivesTheServer(t *testing.T) {
	eachWrap(t, func(t *testing.T, w wrap) {
		for _, carrier := range carriers {
			h, detached := detacher(t, w)
			r := runCarried(t, &server.Server{Handler: h, Loops: 1, MaxConns: 5, MaxConnsPerIP: 5}, carrier)
			c := r.dial()
			send(t, c, []byte("x"))
			nc := <-detached
			uvtest.Check(t, r.Shutdown(context.Background()))
			send(t, c, []byte("ping"))
			if got := receive(t, nc, 4); string(got) != "ping" {
				t.Errorf("%q", got)
			}
			send(t, nc, []byte("pong"))
			if got := receive(t, c, 4); string(got) != "pong" {
				t.Errorf("%q", got)
			}
			uvtest.Check(t, nc.Close())
			if n := server.CountedAddrs(r.Server); n != 0 || server.Places(r.Server) != 0 {
				t.Errorf("%s: %d addresses and %d places are counted at the end", carrier, n, server.Places(r.Server))
			}
		}
	})
}

// TestDetachedCopies: io.Copy from and to a connection with bytes ahead moves all of them, and the methods of package net's
// connection are there.
func TestDetachedCopies(t *testing.T) {
	eachWrap(t, func(t *testing.T, w wrap) {
		want := pattern(200_000)
		sent := make(chan struct{})
		h, detached := detacher(t, w)
		h.onOpen = func(*server.Conn) { <-sent }
		var first []byte
		detach := h.onData
		h.onData = func(c *server.Conn, p []byte) {
			first = bytes.Clone(p)
			detach(c, p)
		}
		r := run(t, &server.Server{Handler: h, Loops: 1})
		c := r.dial()
		send(t, c, want)
		uvtest.Check(t, c.(halfCloser).CloseWrite())
		close(sent)
		nc := <-detached
		var got bytes.Buffer
		got.Write(first)
		n, err := nc.(io.WriterTo).WriteTo(&got)
		if int(n) != len(want)-len(first) || err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("WriteTo: %d, %v", n, err)
		}
		if len(first) == len(want) {
			t.Error("nothing was ahead")
		}
		go func() {
			_, err := nc.(io.ReaderFrom).ReadFrom(bytes.NewReader(want))
			uvtest.Expect(t, err)
			uvtest.Expect(t, nc.(halfCloser).CloseWrite())
		}()
		if back, err := io.ReadAll(c); err != nil || !bytes.Equal(back, want) {
			t.Errorf("%d bytes, %v", len(back), err)
		}
		if a := fmt.Sprint(nc.RemoteAddr()); a != c.LocalAddr().String() {
			t.Errorf("RemoteAddr %s", a)
		}
		nc.Close()
		if n, err := nc.Read(make([]byte, 1)); err == nil {
			t.Errorf("read %d bytes after Close", n)
		}
	})
}
