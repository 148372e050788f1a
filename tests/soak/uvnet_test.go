package soak

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

func init() {
	register(
		&actor{name: "uvnet, TCP", weight: 5, run: func(o *op) { o.netEcho("tcp", "127.0.0.1:0", nil, nil) }},
		&actor{name: "uvnet, unix", weight: 4, run: func(o *op) { o.netEcho("unix", o.w.path("n"), nil, nil) }},
		&actor{name: "uvnet, TLS", weight: 2, run: func(o *op) {
			o.netEcho("tcp", "127.0.0.1:0", o.w.echo.certs.server(), o.w.echo.certs.client())
		}},
		&actor{name: "uvnet, packets", weight: 3, run: netPackets},
		&actor{name: "uvnet, deadlines", weight: 4, run: netDeadlines},
		&actor{name: "uvnet, Close", weight: 4, run: netCloses},
		&actor{name: "uvnet, Dial", weight: 3, run: netDials},
		&actor{name: "uvnet, copies", weight: 2, run: netCopies},
		&actor{name: "uvnet, FileConn", weight: 2, run: netFiles},
	)
}

// net returns the world's loops, or uvnet's default group, which outlives the world.
func (o *op) net() *uvnet.Net {
	if o.chance(2) {
		return nil
	}
	return o.w.net
}

// listen makes a listener.
func (o *op) listen(network, addr string) net.Listener {
	return must[net.Listener](o, "listen")(o.net().Listen(network, addr))
}

// pair makes a connection, as a program that dials itself.
func (o *op) pair(network string) (a, b net.Conn) {
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = o.w.path("n")
	}
	ln := o.listen(network, addr)
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := ln.Accept()
		o.check("accept", err)
		accepted <- c
	}()
	a = must[net.Conn](o, "dial")(o.net().Dial(network, ln.Addr().String()))
	b = <-accepted
	o.check("close", ln.Close())
	return a, b
}

// netEcho serves one connection on a goroutine, and talks to it.
func (o *op) netEcho(network, addr string, srv, cl *tls.Config) {
	ln := o.listen(network, addr)
	var all sync.WaitGroup
	defer all.Wait()
	defer ln.Close()
	serverCuts := o.chance(5)
	all.Go(func() {
		c, err := ln.Accept()
		if !o.check("accept", err, net.ErrClosed) {
			return
		}
		defer c.Close()
		s := c
		if srv != nil {
			s = tls.Server(c, srv)
		}
		if serverCuts {
			_, _ = io.CopyN(s, s, int64(o.IntN(100_000)))
			return
		}
		_, _ = io.Copy(s, s)
		if h, ok := s.(interface{ CloseWrite() error }); ok {
			_ = h.CloseWrite()
		}
	})
	raw := must[net.Conn](o, "dial")(o.net().Dial(network, ln.Addr().String()))
	defer raw.Close()
	c := raw
	if cl != nil {
		t := tls.Client(raw, cl)
		if !o.check("handshake", t.Handshake(), netBroken...) {
			return
		}
		c = t
	}
	o.exchange(c, raw, 0, serverCuts)
}

// netPackets sends datagrams between two sockets.
func netPackets(o *op) {
	network, addr := "udp", "127.0.0.1:0"
	if o.chance(3) {
		network, addr = "unixgram", o.w.path("g")
	}
	srv := must[net.PacketConn](o, "listen packet")(o.net().ListenPacket(network, addr))
	done := o.owe("the end of a packet server")
	go func() {
		defer done()
		buf := make([]byte, 32<<10)
		for {
			n, from, err := srv.ReadFrom(buf)
			if err != nil {
				o.check("read", err, net.ErrClosed)
				return
			}
			_, _ = srv.WriteTo(buf[:n], from)
		}
	}()
	if network == "unixgram" { // the peer has no name to answer to
		c := must[net.Conn](o, "dial")(o.net().Dial(network, addr))
		_, err := c.Write(frame(o.payload(4 << 10)))
		o.check("write", err)
		o.check("close", c.Close())
		o.check("close", srv.Close())
		_ = os.Remove(addr)
		return
	}
	c := must[net.Conn](o, "dial")(o.net().Dial(network, srv.LocalAddr().String()))
	buf, f := make([]byte, 32<<10), frame(o.payload(8<<10))
	for try := 0; ; try++ {
		_, err := c.Write(f)
		o.check("write", err)
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := c.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) && try < 1000 {
			o.fault("a datagram was late or lost")
			continue
		}
		var in reader
		if o.check("read", err) && (in.feed(buf[:n]) != nil || n != len(f)) {
			o.lose("a datagram of %d bytes came back as %d", len(f), n)
		}
		o.arrived(in.bytes)
		break
	}
	o.check("close", c.Close())
	o.check("close", srv.Close())
}

// netDeadlines has deadlines end reads and writes, and be moved while others wait.
func netDeadlines(o *op) {
	a, b := o.pair([]string{"tcp", "unix"}[o.IntN(2)])
	defer a.Close()
	defer b.Close()
	buf := make([]byte, 64)
	var all sync.WaitGroup
	for range 1 + o.IntN(6) {
		switch o.IntN(4) {
		case 0: // a read ends by its deadline
			_ = a.SetReadDeadline(time.Now().Add(o.pause()))
			_, err := a.Read(buf)
			o.check("read", err, os.ErrDeadlineExceeded)
			_ = a.SetReadDeadline(time.Time{})
		case 1: // another goroutine ends it
			all.Go(func() { _ = a.SetReadDeadline(time.Unix(1, 0)) })
			_, err := a.Read(buf)
			o.check("read", err, os.ErrDeadlineExceeded)
			all.Wait()
			_ = a.SetReadDeadline(time.Time{})
		case 2: // a deadline is taken back in time, while it is moved about
			all.Go(func() {
				for range 10 {
					_ = a.SetReadDeadline(time.Now().Add(time.Hour))
				}
				_ = a.SetReadDeadline(time.Time{})
			})
			f := uvtest.Pattern(32, o.Uint32())
			_, err := b.Write(f)
			o.check("write", err)
			if _, err := io.ReadFull(a, buf[:len(f)]); o.check("read", err) && !bytes.Equal(buf[:len(f)], f) {
				o.lose("%d bytes came damaged", len(f))
			}
			o.arrived(len(f))
			all.Wait()
		case 3: // a write to who does not read: what was sent arrives
			big := make([]byte, 8<<20)
			_ = a.SetWriteDeadline(time.Now().Add(2 * time.Millisecond))
			n, err := a.Write(big)
			o.check("write", err, os.ErrDeadlineExceeded)
			_ = a.SetWriteDeadline(time.Time{})
			if m, err := io.CopyN(io.Discard, b, int64(n)); o.check("read", err) && m != int64(n) {
				o.lose("%d of %d bytes came", m, n)
			}
			o.arrived(n)
		}
	}
}

// netCloses closes connections and listeners that others wait for.
func netCloses(o *op) {
	a, b := o.pair([]string{"tcp", "unix"}[o.IntN(2)])
	var all sync.WaitGroup
	for range 1 + o.IntN(4) {
		all.Go(func() {
			_, err := io.Copy(io.Discard, a)
			o.check("read", err, netBroken...)
		})
		all.Go(func() {
			_, err := a.Write(make([]byte, 4<<20)) // more than the kernel takes
			o.check("write", err, netBroken...)
		})
	}
	time.Sleep(o.pause())
	o.fault("a connection closed under its readers and writers")
	if o.chance(2) {
		_ = b.Close()
	}
	_ = a.Close()
	all.Wait()
	_ = b.Close()
	ln := o.listen("tcp", "127.0.0.1:0")
	for range 1 + o.IntN(3) {
		all.Go(func() {
			_, err := ln.Accept()
			o.check("accept", err, net.ErrClosed)
		})
	}
	time.Sleep(o.pause() / 4)
	o.check("close", ln.Close())
	all.Wait()
}

// netDials dials what answers, what refuses, and what is given up.
func netDials(o *op) {
	ln := o.listen("tcp", "127.0.0.1:0")
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	addr := ln.Addr().String()
	d := &uvnet.Dialer{Loops: o.net()}
	for range 1 + o.IntN(10) {
		ctx, cancel := context.WithCancel(context.Background())
		if o.chance(2) {
			time.AfterFunc(o.pause()/8, cancel)
		}
		c, err := d.DialContext(ctx, "tcp", addr)
		if o.check("dial", err, context.Canceled, syscall.ECANCELED, os.ErrDeadlineExceeded) {
			_ = c.Close()
		}
		cancel()
	}
	o.check("close", ln.Close())
	<-served
	c, err := d.Dial("tcp", addr)
	if o.check("dial", err, syscall.ECONNREFUSED, syscall.ECONNRESET) { // a child that is about to execute its program has the listener, too
		_ = c.Close()
	}
}

// netCopies copies between connections, and from a file, which splice and sendfile do.
func netCopies(o *op) {
	a, b := o.pair("tcp")
	c, d := o.pair([]string{"tcp", "unix"}[o.IntN(2)])
	var all sync.WaitGroup
	defer all.Wait()
	sent := frame(o.payload(2 << 20))
	all.Go(func() { // a proxy between b and c
		_, err := io.Copy(c, b)
		o.check("copy", err)
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
	})
	all.Go(func() {
		if o.chance(2) {
			name := o.w.path("f")
			o.check("write", os.WriteFile(name, sent, 0o600))
			f, err := os.Open(name)
			if o.check("open", err) {
				_, err = io.Copy(a, f)
				o.check("sendfile", err)
				o.check("close", f.Close())
			}
			o.check("remove", os.Remove(name))
		} else {
			bufs := net.Buffers{sent[:1], sent[1 : len(sent)/2], sent[len(sent)/2:]}
			_, err := bufs.WriteTo(a)
			o.check("write buffers", err)
		}
		_ = a.(interface{ CloseWrite() error }).CloseWrite()
	})
	got, err := io.ReadAll(d)
	if o.check("read", err) && !bytes.Equal(got, sent) {
		o.lose("%d bytes came through the proxy as %d others", len(sent), len(got))
	}
	o.arrived(len(got))
	all.Wait()
	for _, c := range []net.Conn{a, b, c, d} {
		o.check("close", c.Close())
	}
}

// netFiles makes connections of files, and files of connections.
func netFiles(o *op) {
	a, b := o.pair("tcp")
	f, err := a.(*uvnet.TCPConn).File()
	if !o.check("file", err) {
		return
	}
	again, err := o.net().FileConn(f)
	o.check("close", f.Close())
	if !o.check("file conn", err) {
		return
	}
	if o.chance(2) {
		o.check("close", a.Close()) // the other one stays connected
	}
	sent := frame(o.payload(1 << 10))
	_, err = again.Write(sent)
	o.check("write", err)
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(b, got); o.check("read", err) && !bytes.Equal(got, sent) {
		o.lose("%d bytes came damaged", len(got))
	}
	o.arrived(len(got))
	_ = a.Close()
	o.check("close", again.Close())
	o.check("close", b.Close())
}
