package main

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// tenth calls fn with every tenth chunk and leaves the others alone.
func tenth(fn func(p []byte) []byte) func(p []byte) []byte {
	var n atomic.Int64
	return func(p []byte) []byte {
		if n.Add(1)%10 != 0 {
			return p
		}
		return fn(p)
	}
}

func TestLoadFindsWhatTheServerDoesWrong(t *testing.T) {
	const untilAllFail, short = "1h", "300ms"
	for _, tt := range []struct {
		name, duration, want string
		fn                   func(net.Conn)
	}{
		{"changes a byte", untilAllFail, errChanged.Error(), altered(tenth(func(p []byte) []byte {
			p[len(p)/2] ^= 0x20
			return p
		}))},
		{"changes the last byte", untilAllFail, errChanged.Error(), altered(tenth(func(p []byte) []byte {
			p[len(p)-1]++
			return p
		}))},
		{"sends a byte twice", untilAllFail, errSurplus.Error(), altered(tenth(func(p []byte) []byte {
			return append(p, p[len(p)-1])
		}))},
		{"loses a byte", short, errMissing.Error(), altered(func(p []byte) []byte {
			return p[:len(p)-1]
		})},
		{"never answers", short, errMissing.Error(), altered(func([]byte) []byte { return nil })},
		{"hangs up", untilAllFail, errEnded.Error(), func(c net.Conn) {
			io.CopyN(c, c, 6400)
			io.CopyN(io.Discard, c, 64) // what is unread would make it a reset
			c.Close()
		}},
		{"resets", untilAllFail, "connection reset by peer (ECONNRESET)", func(c net.Conn) {
			io.CopyN(c, c, 6400)
			io.CopyN(io.Discard, c, 64) // libuv reports a reset right behind data as EOF
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := serveFunc(t, tt.fn)
			l := start(t, "load", "--json", "--conns", "4", "--size", "64", "--duration", tt.duration, addr)
			r := decode(t, l.wait(1))
			if r.Errors == 0 || r.Kinds[tt.want] == 0 {
				t.Errorf("errors %d: %v, want %q", r.Errors, r.Kinds, tt.want)
			}
			holds(t, l.complaint(), "error", "the first: "+tt.want)
		})
	}
}

func TestLoadFindsMessagesOfOtherConnections(t *testing.T) {
	type chunk struct {
		c net.Conn
		p []byte
	}
	chunks := make(chan chunk)
	t.Cleanup(func() { close(chunks) })
	go func() { // gives every pair of messages to the wrong connections
		for a := range chunks {
			b := <-chunks
			a.c.Write(b.p)
			if b.c != nil {
				b.c.Write(a.p)
			}
		}
	}()
	addr := serveFunc(t, func(c net.Conn) {
		p := make([]byte, 64)
		if _, err := io.ReadFull(c, p); err == nil {
			chunks <- chunk{c, p}
		}
	})
	l := start(t, "load", "--json", "--conns", "2", "--duration", "1h", addr) // until both fail
	if r := decode(t, l.wait(1)); r.Kinds[errChanged.Error()] != 2 {
		t.Errorf("errors %v, want 2 of %q", r.Kinds, errChanged)
	}
}
