package server_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// TestConnectionThatIsNotReadLearnsOfAReset: libuv polls nothing that is not read.
func TestConnectionThatIsNotReadLearnsOfAReset(t *testing.T) {
	for name, tt := range map[string]struct {
		open func(c *server.Conn)
		send string
		eof  bool // the client ends its side first
	}{
		"paused":            {open: func(c *server.Conn) { c.Pause() }},
		"paused, with data": {open: func(c *server.Conn) { c.Pause() }, send: "unread"},
		"past the end":      {eof: true},
		"held past the end": {open: func(c *server.Conn) { c.Pause(); c.Hold(); c.Resume() }, eof: true},
	} {
		t.Run(name, func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, addr string) {
				h := newProbe(t)
				h.onOpen = func(c *server.Conn) {
					c.Write([]byte("hello"))
					if tt.open != nil {
						tt.open(c)
					}
				}
				ended := make(chan bool, 1)
				full := &fullProbe{probe: h, onDrain: func(*server.Conn) {}, onEOF: func(*server.Conn) { ended <- true }}
				r := run(t, &server.Server{Handler: full, Loops: 1}, addr)
				client := r.dial()
				receive(t, client, 2) // what is left unread makes a unix socket's close a reset
				send(t, client, []byte(tt.send))
				if tt.eof {
					uvtest.Check(t, client.(halfCloser).CloseWrite())
					<-ended
				}
				if c, ok := client.(*net.TCPConn); ok {
					uvtest.Check(t, c.SetLinger(0))
				}
				client.Close()
				end := <-h.closed
				if pipe := tt.eof && errors.Is(end.err, uv.EPIPE); !pipe && !errors.Is(end.err, uv.ECONNRESET) {
					t.Errorf("Close got %v", end.err) // behind a FIN the kernel calls it EPIPE
				}
			})
		})
	}
}

// TestPausedConnectionKeepsWhatItsPeerLeft: a close without a failure is no reset.
func TestPausedConnectionKeepsWhatItsPeerLeft(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := newProbe(t)
		got := make(chan string, 10)
		h.onOpen = func(c *server.Conn) { c.Pause() }
		h.onData = func(_ *server.Conn, p []byte) { got <- string(p) }
		r := run(t, &server.Server{Handler: h, Loops: 1}, addr)
		client := r.dial()
		c := <-h.opened
		send(t, client, []byte("unread"))
		client.Close()
		looked := make(chan bool)
		on(t, c, func() { server.AfterHangupPoll(c, func() { close(looked) }) })
		<-looked
		if len(h.closed) != 0 {
			t.Fatal("it was closed")
		}
		on(t, c, c.Resume)
		if end := <-h.closed; end.err != io.EOF {
			t.Errorf("Close got %v", end.err)
		}
		if s := <-got; s != "unread" {
			t.Errorf("got %q", s)
		}
	})
}

// TestHangupPollsEnd: a loop whose connections are all read sets no timer.
func TestHangupPollsEnd(t *testing.T) {
	h := echo(t)
	h.onOpen = func(c *server.Conn) { c.Pause() }
	r := run(t, &server.Server{Handler: h, Loops: 1})
	client := r.dial()
	c := <-h.opened
	for range 3 {
		on(t, c, func() {
			if !server.WatchesHangups(c) {
				t.Error("a paused connection is not watched")
			}
			c.Resume()
		})
		for watched := true; watched; {
			on(t, c, func() { watched = server.WatchesHangups(c) })
		}
		roundTrip(t, client, "hello")
		on(t, c, c.Pause)
	}
}
