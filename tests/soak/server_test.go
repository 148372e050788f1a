package soak

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/server"
)

func init() {
	register(
		&actor{name: "server, TCP", weight: 5, run: func(o *op) { o.echoes(o.w.echo.tcp, nil) }},
		&actor{name: "server, unix", weight: 4, run: func(o *op) { o.echoes(o.w.echo.unix, nil) }},
		&actor{name: "server, TLS", weight: 3, run: func(o *op) { o.echoes(o.w.echo.tls, o.w.echo.certs.client()) }},
		&actor{name: "server, UDP", weight: 3, run: serverPackets},
		&actor{name: "server, come and go", weight: 1, run: serversComeAndGo},
	)
}

// netBroken are the errors of a connection of package net that the server ends.
var netBroken = []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, net.ErrClosed, os.ErrDeadlineExceeded}

// echoes talks to the server as a client of package net does, and ends as clients do: orderly, with a reset, in the middle.
func (o *op) echoes(addr net.Addr, config *tls.Config) {
	c, err := net.Dial(addr.Network(), addr.String())
	if !o.check("dial", err) {
		return
	}
	raw := c
	defer raw.Close()
	if config != nil {
		t := tls.Client(c, config)
		if !o.check("handshake", t.Handshake()) {
			return
		}
		c = t
	}
	kind := byte(plainly)
	if o.chance(3) {
		kind = []byte{panicked, dropped, detached, blocked, relayed}[o.IntN(5)]
	}
	if kind == detached && config != nil {
		kind = plainly // TLS stays with the server
	}
	o.exchange(c, raw, kind, kind == panicked || kind == dropped)
}

// exchange sends frames on a connection and reads them back. cutByPeer says that the peer ends it.
func (o *op) exchange(c, raw net.Conn, first byte, cutByPeer bool) {
	_ = raw.SetDeadline(time.Now().Add(hang))
	var frames [][]byte
	total := 0
	for range 1 + o.IntN(8) {
		frames = append(frames, frame(o.payload(128<<10)))
		total += len(frames[len(frames)-1])
	}
	var allowed []error
	cut := total + 1
	if cutByPeer {
		allowed = netBroken
		o.fault("the peer ended a connection")
	} else if o.chance(4) { // we do
		allowed, cut = netBroken, o.IntN(total)
		o.fault("we ended a connection in the middle")
	}
	wrote := o.owe("the end of a writer")
	slow, half, written := o.chance(8), o.chance(2), make(chan struct{})
	go func() {
		defer wrote()
		defer close(written)
		if first != 0 {
			frames[0] = append([]byte{first}, frames[0]...)
		}
		for _, f := range frames {
			if _, err := c.Write(f); !o.check("write", err, allowed...) {
				return
			}
		}
		if h, ok := c.(interface{ CloseWrite() error }); ok && half {
			o.check("close write", h.CloseWrite(), append(allowed, syscall.ENOTCONN)...)
		}
	}()
	var got reader
	buf := make([]byte, 32<<10)
	for n := 0; n < total; {
		m, err := c.Read(buf)
		if err := got.feed(buf[:m]); err != nil {
			o.lose("%v", err)
		}
		if n += m; n > cut {
			break
		}
		if err != nil {
			o.check("read", err, allowed...)
			break
		}
		if slow {
			time.Sleep(o.pause())
		}
	}
	if allowed == nil && (got.frames != len(frames) || got.rest() != 0) {
		o.lose("%d of %d frames came back", got.frames, len(frames))
	}
	if allowed == nil {
		o.await(written, "the end of a writer") // which may be about to end its side
	}
	if allowed == nil && half && first != detached {
		if n, err := c.Read(buf); n != 0 || err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
			o.lose("behind the end came %d bytes and %v", n, err)
		}
	}
	if o.chance(3) {
		if tcp, ok := raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	o.arrived(got.bytes)
	_ = raw.Close()
	o.settle()
}

// serverPackets sends datagrams to the server until one comes back.
func serverPackets(o *op) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(o.w.echo.udp))
	if !o.check("dial", err) {
		return
	}
	defer c.Close()
	buf := make([]byte, 16<<10)
	f := frame(o.payload(8 << 10))
	for range 1000 { // the kernel may drop some
		if _, err := c.Write(f); !o.check("write", err, syscall.ENOBUFS) {
			continue
		}
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := c.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			o.fault("a datagram was late or lost")
			continue
		}
		if o.check("read", err) {
			var in reader
			if err := in.feed(buf[:n]); err != nil || in.frames != 1 || n != len(f) {
				o.lose("a datagram of %d bytes came back as %d: %v", len(f), n, err)
			}
			o.arrived(in.bytes)
		}
		return
	}
	o.lose("none of 1000 datagrams came back")
}

// serversComeAndGo starts a server, connects, and shuts it down with connections open.
func serversComeAndGo(o *op) {
	s := &echoServer{}
	srv := &server.Server{Handler: s, Loops: 1 + o.IntN(2), Logger: quietLog, Options: o.someOptions()}
	if !o.check("listen", srv.Listen("tcp://127.0.0.1:0", "unix://"+o.w.path("s"))) {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	served := make(chan error, 1)
	addrs, given := srv.Addrs(), []net.Listener(nil)
	if o.chance(2) { // and a listener that somebody else has made
		given = append(given, must[net.Listener](o, "listen")(net.Listen("tcp", "127.0.0.1:0")))
		addrs = append(addrs, given[0].Addr())
	}
	go func() { served <- srv.Serve(ctx, given...) }()
	var conns []net.Conn
	for range o.IntN(6) {
		a := addrs[o.IntN(len(addrs))]
		c, err := net.Dial(a.Network(), a.String())
		if !o.check("dial", err) {
			continue
		}
		_ = c.SetDeadline(time.Now().Add(hang))
		_, err = c.Write([]byte("phello"))
		o.check("write", err)
		back := make([]byte, 5)
		if _, err := io.ReadFull(c, back); o.check("read", err) && string(back) != "hello" {
			o.lose("hello came back as %q", back)
		}
		conns = append(conns, c)
	}
	if o.chance(2) {
		cancel()
		o.check("serve", within(served), context.Canceled, server.ErrServerClosed)
	} else {
		end, release := context.WithTimeout(context.Background(), o.pause())
		o.check("shutdown", srv.Shutdown(end), context.DeadlineExceeded)
		release()
		o.check("serve", within(served), server.ErrServerClosed)
	}
	for _, c := range conns {
		_ = c.Close()
	}
	if a, b := s.opened.Load(), s.closed.Load(); a != b {
		o.lose("the server opened %d connections and closed %d", a, b)
	}
}
