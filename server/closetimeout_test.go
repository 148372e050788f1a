package server_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// TestCloseDropsWhatThePeerStillSends: bytes that nobody reads when the socket is
// closed make the close a reset, by which the peer loses what it has not received.
func TestCloseDropsWhatThePeerStillSends(t *testing.T) {
	for name, pause := range map[string]bool{"reading": false, "paused": true} {
		t.Run(name, func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, addr string) {
				answer := pattern(2 << 20)
				h := newProbe(t)
				written := make(chan bool, 1)
				h.onData = func(c *server.Conn, _ []byte) {
					if pause {
						c.Pause()
					}
					if _, err := c.Write(answer); err != nil {
						t.Error(err)
					}
					c.Close()
					written <- true
				}
				r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: maxWait}, addr)
				client := r.dial()
				send(t, client, []byte("request"))
				<-written
				for range 100 { // more than a socket's buffer holds: somebody reads it
					send(t, client, make([]byte, 100_000))
				}
				if got, err := io.ReadAll(client); !bytes.Equal(got, answer) || err != nil {
					t.Errorf("%d bytes came of %d, %v", len(got), len(answer), err)
				}
				if len(h.closed) != 0 {
					t.Error("the connection is closed before the peer's end")
				}
				client.Close()
				if end := <-h.closed; end.err != nil {
					t.Errorf("Close got %v", end.err)
				}
			})
		})
	}
}

// TestAPeerThatSendsForEverIsClosed: CloseTimeout bounds the wait for the peer's end.
func TestAPeerThatSendsForEverIsClosed(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := newProbe(t)
		h.onData = func(c *server.Conn, p []byte) { c.Write(p); c.Close() }
		r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: 20 * time.Millisecond}, addr)
		client := r.dial()
		var err error
		for err == nil {
			_, err = client.Write(make([]byte, 100_000))
		}
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("the client's Write: %v", err)
		}
		if end := <-h.closed; end.err != nil {
			t.Errorf("Close got %v, although all was sent", end.err)
		}
	})
}

// TestCloseTimeoutClosesSilentPeers has connections close one after another, some of
// whose peers end in time.
func TestCloseTimeoutClosesSilentPeers(t *testing.T) {
	const conns = 12
	h := newProbe(t)
	h.onData = func(c *server.Conn, p []byte) { c.Write(p); c.Close() }
	r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: 50 * time.Millisecond})
	for range 2 { // the timer runs out in between
		for i := range conns {
			c := r.dial()
			roundTrip(t, c, "hello")
			wantEnd(t, c)
			if i%3 == 1 {
				c.Close()
			}
		}
		for range conns {
			if end := <-h.closed; end.err != nil {
				t.Errorf("Close got %v", end.err)
			}
		}
	}
}

// TestCloseWithoutAnAnswerIsAtOnce: there is nothing to lose.
func TestCloseWithoutAnAnswerIsAtOnce(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := newProbe(t)
		h.onOpen = func(c *server.Conn) { c.Close() }
		r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: 2 * maxWait}, addr)
		client := r.dial()
		wantEnd(t, client)
		if end := <-h.closed; end.err != nil {
			t.Errorf("Close got %v", end.err)
		}
	})
}

// TestPeerResetsAClosingConnection: Close gets the error, because the peer may not have got everything.
func TestPeerResetsAClosingConnection(t *testing.T) {
	h := newProbe(t)
	h.onData = func(c *server.Conn, p []byte) { c.Write(p); c.Close() }
	r := run(t, &server.Server{Handler: h, Loops: 1, CloseTimeout: 2 * maxWait})
	client := r.dial()
	roundTrip(t, client, "hello")
	wantEnd(t, client)
	uvtest.Check(t, client.(*net.TCPConn).SetLinger(0))
	client.Close()
	if end := <-h.closed; !errors.Is(end.err, uv.ECONNRESET) {
		t.Errorf("Close got %v", end.err)
	}
}
