package soak

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// A changing certificate: every handshake may get another one, as when a program reloads it.
type changing struct {
	authority *uvtest.Authority
	all       []tls.Certificate
	next      atomic.Uint32
}

func newChanging(w *world) *changing {
	c := &changing{authority: uvtest.NewAuthority(w.t)}
	for range 3 {
		c.all = append(c.all, c.authority.Issue(w.t, "localhost"))
	}
	return c
}

func (c *changing) server() *tls.Config {
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return &c.all[int(c.next.Add(1))%len(c.all)], nil
	}}
}

func (c *changing) client() *tls.Config { return c.authority.ClientConfig() }

// An echoServer runs for an epoch. A frame whose payload begins with one of these bytes asks for a fault.
type echoServer struct {
	tcp, unix, tls net.Addr
	udp            netip.AddrPort
	certs          *changing
	opened, closed atomic.Int64
	away           sync.WaitGroup                     // the goroutines of connections that were taken over
	fileConn       func(f *os.File) (net.Conn, error) // makes those
}

// The first byte of a connection says how the server is to treat it.
const (
	plainly  = 'p' // echoes
	panicked = '!' // the handler panics
	dropped  = 'x' // the server closes it
	detached = 'd' // a goroutine takes it over
	blocked  = 'b' // the handler blocks
	relayed  = 'r' // the server dials itself, and passes the bytes on
)

// Open counts.
func (s *echoServer) Open(*server.Conn) { s.opened.Add(1) }

// Close counts: as often as Open.
func (s *echoServer) Close(c *server.Conn, _ error) {
	s.closed.Add(1)
	if up, ok := c.Context().(*server.Conn); ok {
		_ = up.Close()
	}
}

// Drain reads on, what is echoed or what comes from the other side of a relay.
func (s *echoServer) Drain(c *server.Conn) {
	if up, ok := c.Context().(*server.Conn); ok {
		up.Resume()
		return
	}
	c.Resume()
}

// EOF answers the end by one, or passes it on.
func (s *echoServer) EOF(c *server.Conn) {
	if up, ok := c.Context().(*server.Conn); ok {
		_ = up.CloseWrite()
		return
	}
	_ = c.Close()
}

// Packet echoes.
func (s *echoServer) Packet(pc *server.PacketConn, p []byte, from netip.AddrPort) {
	_ = pc.WriteTo(p, from)
}

// Data echoes, or does what the first byte says.
func (s *echoServer) Data(c *server.Conn, p []byte) {
	if c.Context() == nil {
		c.SetContext(p[0])
		first := p[0]
		p = p[1:]
		switch first {
		case panicked:
			panic(errProvoked)
		case dropped:
			_ = c.Abort()
			return
		case detached:
			rest := append([]byte(nil), p...)
			nc, err := c.Detach(s.fileConn)
			if err != nil {
				_ = c.Close()
				return
			}
			s.away.Go(func() {
				defer nc.Close()
				if _, err := nc.Write(rest); err == nil {
					// Package net would splice, through pipes that Go keeps until a garbage collection.
					_, _ = io.Copy(struct{ io.Writer }{nc}, struct{ io.Reader }{nc})
				}
			})
			return
		case relayed:
			far := &farSide{near: c, first: append([]byte{plainly}, p...)}
			up, err := c.Dial("tcp", s.tcp.String(), far)
			if err != nil {
				_ = c.Close()
				return
			}
			c.SetContext(up)
			c.Pause() // until it is connected
			return
		case blocked:
			rest := append([]byte(nil), p...)
			_ = c.Loop().Block(func() { time.Sleep(100 * time.Microsecond) })
			_, _ = c.Write(rest)
			return
		}
	}
	if len(p) == 0 {
		return
	}
	if up, ok := c.Context().(*server.Conn); ok {
		if _, err := up.Write(p); err == nil && up.Full() {
			c.Pause()
		}
		return
	}
	if _, err := c.Write(p); err == nil && c.Full() {
		c.Pause()
	}
}

// A farSide is the connection that a relay has dialled.
type farSide struct {
	near  *server.Conn
	first []byte
}

// Open sends what had come before.
func (f *farSide) Open(up *server.Conn) {
	_, _ = up.Write(f.first)
	f.near.Resume()
}

// Data passes bytes back.
func (f *farSide) Data(up *server.Conn, p []byte) {
	if _, err := f.near.Write(p); err == nil && f.near.Full() {
		up.Pause()
	}
}

// Drain reads on what is passed on.
func (f *farSide) Drain(*server.Conn) { f.near.Resume() }

// Close ends the other side.
func (f *farSide) Close(*server.Conn, error) { _ = f.near.Close() }

func startEcho(w *world) *echoServer {
	s := &echoServer{certs: newChanging(w), fileConn: func(f *os.File) (net.Conn, error) {
		if w.next.Add(1)%2 == 0 {
			return net.FileConn(f)
		}
		return w.net.FileConn(f)
	}}
	serve := func(tlsConfig *tls.Config, addrs ...string) []net.Addr {
		srv := &server.Server{
			Handler: s, PacketHandler: s, Loops: 2, Logger: quietLog, TLSConfig: tlsConfig,
			Options: []uvgo.Option{uvgo.WithLogger(quietLog)},
		}
		if err := srv.Listen(addrs...); err != nil {
			w.t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- srv.Serve(context.Background()) }()
		w.atEnd(func() {
			ctx, cancel := context.WithTimeout(context.Background(), hang)
			defer cancel()
			w.ended("server shutdown", srv.Shutdown(ctx))
			w.ended("serve", within(served))
			if st := srv.Stats(); st.Conns != 0 || st.Unsent != 0 {
				w.t.Errorf("the server has %d connections and %d bytes unsent behind its end", st.Conns, st.Unsent)
			}
		})
		return srv.Addrs()
	}
	w.atEnd(func() {
		s.away.Wait()
		if a, b := s.opened.Load(), s.closed.Load(); a != b {
			w.t.Errorf("the server opened %d connections and closed %d (seed %d)", a, b, *seed)
		}
	})
	path := w.path("echo")
	addrs := serve(nil, "tcp://127.0.0.1:0", "unix://"+path, "udp://127.0.0.1:0")
	s.tcp, s.unix, s.udp = addrs[0], addrs[1], addrs[2].(*net.UDPAddr).AddrPort()
	s.tls = serve(s.certs.server(), "tls://127.0.0.1:0")[0]
	return s
}
