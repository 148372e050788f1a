package server_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

func TestPauseStopsFramesWithinAChunk(t *testing.T) {
	h := newFrameProbe(t)
	h.onFrame = func(c *server.Conn, _ []byte) { c.Pause() }
	r, f := framing(t, nil, 100, h)
	client := r.dial()
	c := <-h.opened
	arrive(t, f, c, "one\ntwo\nthr", "ee\nfour\nfi") // the second as what the loop had read before
	uvtest.Check(t, client.(*net.TCPConn).CloseWrite())
	for _, want := range []string{"one", "two", "three", "four", "fi"} {
		if got := <-h.frames; got != want {
			t.Errorf("frame %q, want %q", got, want)
		}
		on(t, c, func() {})
		on(t, c, func() {
			if len(h.frames) != 0 {
				t.Errorf("a frame comes while the connection is paused")
			}
			c.Resume()
			c.Pause()
			c.Resume()
			c.Resume()
		})
	}
	h.ends(t, io.EOF)
}

// TestAPausedConnectionOfFramesIsNotRead: what is left is bounded, however much the
// peer sends.
func TestAPausedConnectionOfFramesIsNotRead(t *testing.T) {
	h := newFrameProbe(t)
	h.onFrame = func(c *server.Conn, _ []byte) { c.Pause() }
	r, _ := framing(t, nil, 100, h)
	client := r.dial()
	c := <-h.opened
	line := strings.Repeat("x", 63) + "\n"
	sent := make(chan error, 1)
	const lines = 1 << 15
	go func() {
		_, err := client.Write(bytes.Repeat([]byte(line), lines))
		client.Close()
		sent <- err
	}()
	most := 0
	for range 100 {
		<-h.frames
		on(t, c, func() {
			most = max(most, server.FramesLeft(c))
			c.Resume()
		})
	}
	if most > 1<<20 {
		t.Errorf("%d bytes are kept", most)
	}
	on(t, c, func() {
		h.onFrame = nil
		c.Resume()
	})
	uvtest.Check(t, <-sent)
	h.ends(t, io.EOF)
	if n := len(h.got()); n != lines-100 {
		t.Errorf("%d frames more, want %d", n, lines-100)
	}
}

// TestFramesStopWhileFull: many small requests with large answers, to a peer that does
// not read.
func TestFramesStopWhileFull(t *testing.T) {
	const requests, size = 1000, 100 << 10
	answer := make([]byte, size)
	h := newFrameProbe(t)
	h.onFrame = func(c *server.Conn, _ []byte) {
		if n, err := c.Write(answer); n != size || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
	}
	s := &server.Server{Handler: server.Frames(nil, 0, h), Loops: 1, WriteLimit: 1 << 20}
	r := run(t, s)
	client := r.dial()
	small(t, client)
	c := <-h.opened
	send(t, client, []byte(strings.Repeat("?\n", requests)))
	other := r.dial()
	send(t, other, []byte("!\n"))
	receive(t, other, size)
	on(t, c, func() {
		if n := len(h.frames); n > requests/2 || c.Buffered() > 1<<20 {
			t.Errorf("%d requests are answered, %d bytes are unsent", n, c.Buffered())
		}
	})
	receive(t, client, requests*size)
	other.Close()
	client.Close()
	<-h.closed
	<-h.closed
}

func TestFramesEndWithTheConnection(t *testing.T) {
	for name, end := range map[string]func(*server.Conn){
		"Close": func(c *server.Conn) { c.Close() },
		"Abort": func(c *server.Conn) { c.Abort() },
		"panic": func(*server.Conn) { panic("no matter") },
	} {
		for _, text := range []string{"one\ntwo\nthree\nfour", "one\ntwo"} { // in a chunk, at EOF
			for _, paused := range []bool{false, true} {
				t.Run(name, func(t *testing.T) {
					h := newFrameProbe(t)
					h.onFrame = func(c *server.Conn, frame []byte) {
						switch string(frame) {
						case "one":
							if paused {
								c.Pause()
							}
						case "two":
							c.Write([]byte("bye"))
							end(c)
						}
					}
					r, f := framing(t, nil, 0, h)
					client := r.dial()
					c := <-h.opened
					arrive(t, f, c, text)
					_ = client.(*net.TCPConn).CloseWrite() // fails after a reset
					if paused {
						on(t, c, c.Resume)
					}
					<-h.closed
					if diff := cmp.Diff([]string{"one", "two"}, h.got()); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

// endProbe is a frameProbe that is an EOFHandler.
type endProbe struct {
	*frameProbe
	onEOF func(c *server.Conn)
}

func (p *endProbe) EOF(c *server.Conn) { p.turn(c, "open", "open", "EOF", func() { p.onEOF(c) }) }

func TestFramesGoOnAfterCloseWriteAndComeBeforeEOF(t *testing.T) {
	h := &endProbe{frameProbe: newFrameProbe(t)}
	h.onFrame = func(c *server.Conn, frame []byte) {
		switch string(frame) {
		case "two":
			uvtest.Check(t, c.CloseWrite())
		case "three":
			c.Pause()
		}
	}
	h.onEOF = func(*server.Conn) { h.frames <- "EOF" }
	r, f := framing(t, nil, 0, h)
	client := r.dial()
	c := <-h.opened
	arrive(t, f, c, "one\ntwo\nthree\nfour\nfive")
	uvtest.Check(t, client.(*net.TCPConn).CloseWrite())
	on(t, c, c.Resume)
	h.ends(t, io.EOF)
	if diff := cmp.Diff([]string{"one", "two", "three", "four", "five", "EOF"}, h.got()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// untilStop is ScanLines whose line "stop" is the last.
func untilStop(data []byte, atEOF bool) (int, []byte, error) {
	advance, token, err := bufio.ScanLines(data, atEOF)
	if string(token) == "stop" {
		err = bufio.ErrFinalToken
	}
	return advance, token, err
}

func TestTheFinalFrameClosesTheConnection(t *testing.T) {
	for _, held := range []bool{false, true} {
		h := newFrameProbe(t)
		h.onFrame = func(c *server.Conn, frame []byte) {
			if string(frame) != "stop" {
				return
			}
			if !held {
				c.Write([]byte("bye"))
				return
			}
			c.Hold()
			go c.Loop().Post(func() {
				c.Write([]byte("bye"))
				c.Release()
			})
		}
		r, _ := framing(t, untilStop, 0, h)
		client := r.dial()
		send(t, client, []byte("one\nstop\nthree\n"))
		if got := uvtest.Must(io.ReadAll(client)); string(got) != "bye" {
			t.Errorf("held %v: answer %q", held, got)
		}
		client.Close()
		if end := <-h.closed; end.err != nil {
			t.Errorf("held %v: it ends with %v", held, end.err)
		}
		if diff := cmp.Diff([]string{"one", "stop"}, h.got()); diff != "" {
			t.Errorf("held %v (-want +got):\n%s", held, diff)
		}
	}
}

// TestShutdownWaitsForFramesThatAreLeft: they have arrived, so they are work under way.
func TestShutdownWaitsForFramesThatAreLeft(t *testing.T) {
	const requests, size = 50, 200 << 10
	answer := make([]byte, size)
	h := newFrameProbe(t)
	h.onFrame = func(c *server.Conn, _ []byte) { c.Write(answer) }
	r, f := framing(t, nil, 0, h)
	client := r.dial()
	c := <-h.opened
	ended := make(chan error, 1)
	on(t, c, func() {
		f.Data(c, []byte(strings.Repeat("?\n", requests)))
		if server.FramesLeft(c) == 0 {
			t.Error("no frame is left")
		}
		go func() { ended <- r.Shutdown(context.Background()) }()
	})
	if got := uvtest.Must(io.ReadAll(client)); len(got) != requests*size {
		t.Errorf("%d bytes of %d", len(got), requests*size)
	}
	client.Close()
	uvtest.Check(t, <-ended)
}
