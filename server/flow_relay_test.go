package server_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// A relay joins its connections in pairs: what one of a pair sends, the other gets, its end and its
// close too. It stops reading while the other takes nothing. All is on one loop.
type relay struct {
	*probe
	single *server.Conn // waits for its partner
}

func newRelay(t testing.TB) *relay {
	r := &relay{probe: newProbe(t)}
	r.onOpen = func(c *server.Conn) {
		c.ReadWhileFull()
		if r.single == nil {
			c.Pause()
			r.single = c
			return
		}
		other := r.single
		r.single = nil
		c.SetContext(other)
		other.SetContext(c)
		other.Resume()
	}
	r.onData = func(c *server.Conn, p []byte) {
		other := c.Context().(*server.Conn)
		_, _ = other.Write(p) // fails once the other has ended
		if other.Full() {
			c.Pause()
		}
	}
	r.onClose = func(c *server.Conn, _ error) { _ = c.Context().(*server.Conn).Close() }
	return r
}

func (r *relay) Drain(c *server.Conn) { c.Context().(*server.Conn).Resume() }
func (r *relay) EOF(c *server.Conn)   { _ = c.Context().(*server.Conn).CloseWrite() }

// TestRelayIsAConn: package net's conformance suite takes two ends of a relay for one connection.
func TestRelayIsAConn(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		s := run(t, &server.Server{Handler: newRelay(t), Loops: 1, Logger: lenient()}, addr)
		nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
			a := s.Addrs()[0]
			c1 = uvtest.Must(net.Dial(a.Network(), a.String()))
			c2 = uvtest.Must(net.Dial(a.Network(), a.String()))
			return c1, c2, func() {
				c1.Close()
				c2.Close()
				uvtest.Eventually(t, "the pair is gone", func() bool { return s.Stats().Conns == 0 })
			}, nil
		})
	})
}

// TestTLSRelayIsAConn has those behaviours of the suite that a tls.Conn has: a deadline that
// passes while it writes breaks it for good. There are no tickets, because a connection that is closed
// with bytes that it has not read is reset.
func TestTLSRelayIsAConn(t *testing.T) {
	eachTLS(t, func(t *testing.T, version uint16) {
		s := runTLS(t, &server.Server{Handler: newRelay(t), Loops: 1, Logger: lenient(), TLSConfig: &tls.Config{SessionTicketsDisabled: true}})
		s.client.MinVersion, s.client.MaxVersion = version, version
		pair := func(t *testing.T) (a, b *tls.Conn) {
			a, b = s.dial(), s.dial()
			uvtest.Check(t, a.Handshake())
			uvtest.Check(t, b.Handshake())
			return a, b
		}
		t.Run("BasicIO", func(t *testing.T) {
			a, b := pair(t)
			all := pattern(8 << 20)
			var sides sync.WaitGroup
			for _, c := range []*tls.Conn{a, b} {
				sides.Go(func() {
					for p := all; len(p) > 0; p = p[min(len(p), 1<<10):] {
						_, err := c.Write(p[:min(len(p), 1<<10)])
						if err != nil {
							t.Errorf("Write: %v", err)
							return
						}
					}
					uvtest.Expect(t, c.CloseWrite())
				})
				sides.Go(func() {
					if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, all) {
						t.Errorf("%d bytes and %v, want %d", len(got), err, len(all))
					}
				})
			}
			sides.Wait()
			a.Close()
			b.Close()
		})
		t.Run("PingPong", func(t *testing.T) {
			a, b := pair(t)
			for i := range 200 {
				p := pattern(1 + 97*i)
				for _, ends := range [][2]*tls.Conn{{a, b}, {b, a}} {
					send(t, ends[0], p)
					if got := receive(t, ends[1], len(p)); !bytes.Equal(got, p) {
						t.Errorf("message %d differs", i)
					}
				}
			}
			a.Close()
			b.Close()
		})
		t.Run("Racy", func(t *testing.T) {
			a, b := pair(t)
			const users, rounds, size = 10, 50, 1 << 10
			var all sync.WaitGroup
			for range users {
				all.Go(func() {
					for range rounds {
						if _, err := a.Write(make([]byte, size)); err != nil {
							t.Errorf("Write: %v", err)
							return
						}
					}
				})
			}
			counts := make(chan int, users)
			for range users {
				go func() {
					n := 0
					p := make([]byte, size)
					for {
						m, err := b.Read(p)
						n += m
						if err != nil {
							counts <- n
							return
						}
					}
				}()
			}
			all.Wait()
			a.Close()
			total := 0
			for range users {
				total += <-counts
			}
			if total != users*rounds*size {
				t.Errorf("%d bytes arrived, want %d", total, users*rounds*size)
			}
			b.Close()
		})
		t.Run("Close", func(t *testing.T) { // ends what the other waits for
			a, b := pair(t)
			read := make(chan error)
			go func() {
				_, err := b.Read(make([]byte, 1))
				read <- err
			}()
			a.Close()
			if err := <-read; err != io.EOF {
				t.Errorf("Read: %v, want EOF", err)
			}
			b.Close()
		})
	})
}
