package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// arrived waits until the peer's kernel has all that was written to a connection.
func arrived(t testing.TB, c net.Conn) {
	if tc, ok := c.(*tls.Conn); ok {
		c = tc.NetConn()
	}
	if _, ok := c.(*net.TCPConn); !ok {
		return // a unix socket has it at once
	}
	raw := uvtest.Must(c.(syscall.Conn).SyscallConn())
	for left := 1; left > 0; runtime.Gosched() {
		uvtest.Check(t, raw.Control(func(fd uintptr) { left = uvtest.Must(unix.IoctlGetInt(int(fd), unix.TIOCOUTQ)) }))
	}
}

// TestShutdownAnswersWhatWasSent: clients that had connected and sent a request before Shutdown was called get its answer.
// Some have been idle before, some have just come, of some the loop does not even know.
func TestShutdownAnswersWhatWasSent(t *testing.T) {
	request := []byte("a request\n")
	for _, tt := range []struct {
		name, carrier string
		loops         int
		rounds        int
		clients       int // 0: 12
		change        func(s *server.Server)
		header        string
	}{
		{name: "tcp", carrier: "tcp", loops: 1, rounds: 50},
		{name: "tcp many", carrier: "tcp", loops: 1, rounds: 5, clients: 300}, // a turn accepts 64
		{name: "unix many", carrier: "unix", loops: 2, rounds: 5, clients: 300},
		{name: "tcp 3 loops", carrier: "tcp", loops: 3, rounds: 200},
		{name: "unix", carrier: "unix", loops: 1, rounds: 50},
		{name: "unix 3 loops", carrier: "unix", loops: 3, rounds: 200},
		{name: "MaxConns", carrier: "tcp", loops: 2, rounds: 100, change: func(s *server.Server) { s.MaxConns = 3; s.Logger = lenient() }},
		{name: "MaxConns unix", carrier: "unix", loops: 2, rounds: 100, change: func(s *server.Server) { s.MaxConns = 3; s.Logger = lenient() }},
		{name: "PROXY", carrier: "tcp", loops: 2, rounds: 50, header: header1, change: func(s *server.Server) {
			s.ProxyProtocol = server.ProxyProtocol{Mode: server.ProxyRequired, Trusted: loopbackNet}
		}},
		{name: "TLS 1.3", carrier: "TLS 1.3", loops: 2, rounds: 30},
		{name: "TLS 1.2", carrier: "TLS 1.2", loops: 2, rounds: 30},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clients := max(tt.clients, 12)
			for range tt.rounds {
				h := newProbe(t)
				h.onData = func(c *server.Conn, p []byte) { uvtest.Must(c.Write(p)) }
				s := &server.Server{Handler: h, Loops: tt.loops}
				if tt.change != nil {
					tt.change(s)
				}
				r := runCarried(t, s, tt.carrier)
				idle := clients / 2
				if s.MaxConns > 0 {
					idle = s.MaxConns - 1
				}
				conns := make([]net.Conn, clients)
				for i := range conns {
					if r.client == nil || i < idle {
						conns[i] = r.dial()
					} else { // with TLS every client needs the server for its handshake
						conns[i] = r.dial()
						uvtest.Check(t, conns[i].(*tls.Conn).Handshake())
					}
					if i < idle {
						send(t, conns[i], []byte(tt.header))
						roundTrip(t, conns[i], "first")
					}
				}
				for i, c := range conns {
					if i >= idle {
						send(t, c, append([]byte(tt.header), request...))
					} else {
						send(t, c, request)
					}
					arrived(t, c)
				}
				ended := make(chan error, 1)
				go func() { ended <- r.Shutdown(context.Background()) }()
				var wg sync.WaitGroup
				for i, c := range conns {
					wg.Go(func() {
						got, err := io.ReadAll(c)
						if err != nil || !bytes.Equal(got, request) {
							t.Errorf("client %d: %q, %v", i, got, err)
						}
						c.Close()
					})
				}
				wg.Wait()
				uvtest.Check(t, <-ended)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// TestShutdownEndsUnderAFlood: clients that connect and ask all the time do not hold Shutdown up.
func TestShutdownEndsUnderAFlood(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		h := newProbe(t)
		h.onData = func(c *server.Conn, p []byte) { _, _ = c.Write(p) }
		r := run(t, &server.Server{Handler: h, Loops: 2, CloseTimeout: maxWait, Backlog: 16, Logger: lenient()}, addr)
		at := r.Addrs()[0]
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					c, err := net.Dial(at.Network(), at.String())
					if err != nil {
						continue
					}
					for range 3 {
						if _, err := c.Write([]byte("x")); err != nil {
							break
						}
						if _, err := c.Read(make([]byte, 1)); err != nil {
							break
						}
					}
					c.Close()
				}
			})
		}
		busy := r.dial()
		wg.Go(func() { // and one that asks again as soon as it has its answer
			for {
				if _, err := busy.Write([]byte("y")); err != nil {
					return
				}
				if _, err := busy.Read(make([]byte, 1)); err != nil {
					busy.Close()
					return
				}
			}
		})
		uvtest.Eventually(t, "some were served", func() bool { return r.Stats().Messages > 100 })
		begun := time.Now()
		uvtest.Check(t, r.Shutdown(context.Background()))
		if d := time.Since(begun); d >= maxWait {
			t.Errorf("Shutdown took %v", d)
		}
		close(stop)
		wg.Wait()
	})
}

// TestShutdownClosesWhatWaitsForMaxConns: connections that hold all places to the end keep others waiting until CloseTimeout at most.
func TestShutdownClosesWhatWaitsForMaxConns(t *testing.T) {
	h := newProbe(t)
	h.onData = func(c *server.Conn, p []byte) { c.Hold() }
	r := run(t, &server.Server{Handler: h, Loops: 1, MaxConns: 1, CloseTimeout: 50 * time.Millisecond, Logger: lenient()})
	first := r.dial()
	send(t, first, []byte("x"))
	c := <-h.opened
	waits := r.dial()
	uvtest.Eventually(t, "it waits", func() bool { return r.Stats().Pauses == 1 })
	ended := make(chan error, 1)
	go func() { ended <- r.Shutdown(context.Background()) }()
	if n, err := waits.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the one that waits got %d bytes, %v", n, err)
	}
	select {
	case err := <-ended:
		t.Errorf("Shutdown has not waited: %v", err)
	default:
	}
	c.Release()
	wantEnd(t, first)
	first.Close()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
