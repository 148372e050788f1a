package server

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/address"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// Dial makes a client connection on a connection's loop, for a proxy or gateway. network is
// "tcp", "tcp4" or "tcp6", with an address host:port, or "unix", with a path or @name. Dial
// does not wait: h.Open is called when the connection is there, and h.Close, without Open, if it
// cannot be made. h's other methods are called as for an accepted connection. Until Open
// the connection's Write fails with ENOTCONN, and Close gives it up.
//
// The lookup of a name runs on libuv's threads. Its addresses are tried in turn. Together that
// takes at most DialTimeout: Close then gets ErrDialTimeout. A literal address is tried at once.
//
// The timeouts, watermarks and WriteLimit of the server hold for the connection, MaxConns and
// MaxConnsPerIP do not count it. Shutdown leaves it open as long as connections that the loop
// has accepted are open, and then closes it, once no work is under way. When Shutdown has begun and
// none of those is open any more, as in the Close of the last, Dial fails with ErrServerClosed.
//
// Dial belongs to the loop: uv.ErrNotOwner on another goroutine. EINVAL for an address that
// cannot be read, a nil h or a loop of no worker of s; net.ErrClosed once the server ends.
func (s *Server) Dial(loop *uvgo.Loop, network, addr string, h Handler) (*Conn, error) {
	w, err := s.workerOf(loop)
	if err != nil {
		return nil, err
	}
	return w.dial(network, addr, nil, h)
}

// workerOf returns the worker of a loop, for Dial.
func (s *Server) workerOf(loop *uvgo.Loop) (*worker, error) {
	const op = "server: dial"
	if s == nil || loop == nil {
		return nil, uv.Fail(op, uv.EINVAL)
	}
	s.mu.Lock()
	workers := s.workers
	s.mu.Unlock()
	for _, w := range workers {
		if w.loop != loop {
			continue
		}
		if !loop.Owned() && !w.ended.Load() {
			if err := core.Of(loop).Check(op); err != nil {
				return nil, err
			}
		}
		return w, nil
	}
	return nil, fmt.Errorf("server: dial: the loop is not one of this server: %w", uv.EINVAL)
}

// Dial is [Server.Dial] on the connection's loop.
func (c *Conn) Dial(network, addr string, h Handler) (*Conn, error) {
	if err := c.use("server: dial"); err != nil {
		return nil, err
	}
	return c.worker.dial(network, addr, nil, h)
}

// A dial is what a Conn has because Dial made it.
type dial struct {
	callbacks
	tls     *tls.Config // nil without TLS
	network string
	path    string                      // unix
	tcp     *handles.TCP                // the one that connects or is connected
	addrs   []netip.AddrPort            // to be tried yet
	tried   bool                        // tcp is used up
	err     error                       // why the last one failed
	remote  atomic.Pointer[net.TCPAddr] // the one that is tried, or connected to
}

// dialed returns what Dial noted, nil for an accepted connection.
func (c *Conn) dialed() *dial {
	if m := c.more.Load(); m != nil {
		return m.dial
	}
	return nil
}

// dial makes a Conn that connects, and then speaks TLS if config is not nil.
func (w *worker) dial(network, addr string, config *tls.Config, h Handler) (*Conn, error) {
	const op = "server: dial"
	if w.gone || w.ended.Load() {
		return nil, &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	if w.draining && !w.acceptedOpen() { // it would only delay Shutdown
		return nil, ErrServerClosed
	}
	if h == nil {
		return nil, fmt.Errorf("server: dial: the handler is nil: %w", uv.EINVAL)
	}
	d := &dial{callbacks: callbacksOf(h), network: network, tls: config}
	var host, service string
	switch network {
	case "tcp", "tcp4", "tcp6":
		var err error
		if host, service, err = address.SplitHostPort(addr); err != nil {
			return nil, fmt.Errorf("server: dial %s: %w; the form is host:port", addr, err)
		}
		if service == "" {
			return nil, fmt.Errorf("server: dial %s: no port: %w", addr, uv.EINVAL)
		}
	case "unix":
		if d.path = addr; addr == "" {
			return nil, fmt.Errorf("server: dial: no path: %w", uv.EINVAL)
		}
	default:
		return nil, fmt.Errorf("server: dial %s: unknown network %q: want tcp or unix: %w", addr, network, uv.EINVAL)
	}
	c := &Conn{worker: w, writes: connecting}
	c.facts |= isDialed
	c.rare().dial = d
	var err error
	if network == "unix" {
		err = c.dialUnix(d)
	} else {
		err = c.dialTCP(d, host, service)
	}
	if err != nil {
		return nil, err
	}
	w.conns.move(c)
	w.open.Add(1)
	w.dialOpen.Add(1)
	if c.writes == connecting { // otherwise it has failed, and its close event is to come
		c.facts |= inHandshake
		limit := w.server.DialTimeout
		if err := w.hang(c, bucketTime(w.now()+limit, limit)); err != nil {
			c.fail(err)
		}
	}
	return c, nil
}

// dialUnix begins to connect to a unix socket. An error means that there is no stream.
func (c *Conn) dialUnix(d *dial) error {
	p, err := c.worker.loop.NewPipe()
	if err != nil {
		return err
	}
	name := d.path
	if name[0] == '@' {
		name = "\x00" + name[1:]
	}
	c.stream = p.Base()
	err = p.Connect(name, func(err error) {
		switch {
		case c.writes != connecting:
		case err != nil:
			c.fail(err)
		default:
			c.connected()
		}
	})
	if err != nil {
		p.Close()
		return err
	}
	p.OnClose(c.closed)
	return nil
}

// dialTCP begins to look the host up, or to connect to a literal address. An error means that
// there is no stream.
func (c *Conn) dialTCP(d *dial, host, service string) error {
	if err := c.newTCP(d); err != nil {
		return err
	}
	if host == "" { // this machine, as for net.Dial
		host = "127.0.0.1"
		if d.network == "tcp6" {
			host = "::1"
		}
	}
	hints := requests.AddrInfoHints{SockType: unix.SOCK_STREAM}
	switch d.network {
	case "tcp4":
		hints.Family = requests.IPv4
	case "tcp6":
		hints.Family = requests.IPv6
	}
	if at, err := netip.ParseAddrPort(net.JoinHostPort(host, service)); err == nil && hints.Family == requests.AnyFamily {
		d.addrs = []netip.AddrPort{at}
		c.connectNext(d)
		return nil
	}
	_, err := requests.GetAddrInfo(c.worker.loop, host, service, hints, func(list []requests.AddrInfo, err error) {
		if c.writes != connecting {
			return
		}
		d.err = err
		for _, a := range list {
			d.addrs = append(d.addrs, a.Addr)
		}
		c.connectNext(d)
	})
	if err != nil {
		c.stream.OnClose(nil)
		_ = c.stream.Close()
	}
	return err
}

// newTCP makes the stream of the next address.
func (c *Conn) newTCP(d *dial) error {
	if d.tried { // libuv connects a handle once
		c.stream.OnClose(nil)
		_ = c.stream.Close()
	}
	t, err := c.worker.loop.NewTCP()
	if err != nil {
		return err
	}
	c.stream, d.tcp, d.tried = t.Base(), t, false
	t.OnClose(c.closed)
	return nil
}

// connectNext tries the next address, and fails if there is none.
func (c *Conn) connectNext(d *dial) {
	for len(d.addrs) > 0 {
		at := d.addrs[0]
		d.addrs = d.addrs[1:]
		if d.tried {
			if err := c.newTCP(d); err != nil {
				d.err = err
				break
			}
		}
		c.setRemote(at)
		d.remote.Store(net.TCPAddrFromAddrPort(c.remote()))
		d.tried = true
		t := d.tcp
		err := t.Connect(at, func(err error) {
			switch {
			case c.writes != connecting || d.tcp != t:
			case err != nil:
				d.err = err
				c.connectNext(d)
			default:
				c.connected()
			}
		})
		if err == nil {
			return
		}
		d.err = err
	}
	c.fail(d.err)
}

// connected begins a connection that Dial has made.
func (c *Conn) connected() {
	w, d := c.worker, c.dialed()
	if d.tcp != nil {
		if !w.server.Delay {
			_ = d.tcp.SetNoDelay(true) // fails if the peer has gone already, which reading tells
		}
		_ = w.keepAlive(d.tcp)
	}
	d.addrs, d.err = nil, nil
	c.stream.OnClose(nil)                                           // from here on the target is told
	_ = c.stream.ControlFlow(&c.flow, &w.marks, (*streamTarget)(c)) // fails only on a closed stream
	c.writes = writeOpen
	w.dialCount.Add(1)
	c.begin()
	c.closeIfIdle()
}

// acceptedOpen tells whether connections that the worker has accepted are open.
func (w *worker) acceptedOpen() bool { return w.open.Load() > w.dialOpen.Load() }

// remoteAddr returns the peer's address; nil until the lookup has ended.
func (d *dial) remoteAddr() net.Addr {
	if d.isUnix() {
		return &net.UnixAddr{Name: d.path, Net: "unix"}
	}
	if a := d.remote.Load(); a != nil {
		return a
	}
	return nil
}

// isUnix tells whether the connection is one of a unix socket.
func (d *dial) isUnix() bool { return d.network == "unix" }
