package server

import (
	"errors"
	"net"
	"net/netip"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A PacketConn is a datagram socket of a server, on one of its loops. Its methods belong to
// that loop, as those of [Conn] do, with the same errors elsewhere. Any goroutine may call Loop
// and LocalAddr.
type PacketConn struct {
	worker *worker
	udp    *handles.UDP
	addr   net.Addr
	ipv6   bool // the socket's family
	queued int  // bytes that the kernel may not have accepted: at least as many as are unsent
	opened bool // OpenPackets was called
	closed bool
}

// WriteTo sends a datagram. p is borrowed: free to reuse on return. A turn's datagrams leave
// together, in few system calls. ENOBUFS if the kernel does not accept HighWater bytes or more
// that were sent before: then p is dropped, and counted in Stats. A datagram that the kernel
// refuses later is dropped and counted as well.
//
// The zero AddrPort stands for the peer of a connected socket, which an inherited one may be;
// it is EDESTADDRREQ for others. EMSGSIZE if p is longer than a datagram can be. After the
// server has closed the socket the error is one that errors.Is matches with net.ErrClosed.
func (c *PacketConn) WriteTo(p []byte, to netip.AddrPort) error {
	const op = "server: write to"
	if c == nil || c.worker == nil {
		return uv.Fail(op, uv.EINVAL)
	}
	w := c.worker
	if w.ended.Load() {
		return &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	if !w.loop.Owned() {
		if err := core.Of(w.loop).Check(op); err != nil {
			return err
		}
	}
	if c.closed {
		return &uv.OpError{Op: op, Err: uv.ErrClosed}
	}
	if limit := w.server.HighWater; c.queued >= limit {
		// How much of it the kernel has accepted costs a crossing to know.
		if c.queued = c.udp.SendQueueSize(); c.queued >= limit {
			w.packetsDropped.Add(1)
			return uv.Fail(op, uv.ENOBUFS)
		}
	}
	if c.ipv6 && to.Addr().Is4() {
		to = netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port())
	}
	if err := c.udp.Send(p, to); err != nil {
		return err
	}
	c.queued += len(p)
	w.packetsOut.Add(1)
	w.bytesOut.Add(uint64(len(p)))
	return nil
}

// Loop returns the socket's loop. Other goroutines reach the socket by the loop's Post. Any
// goroutine may call Loop.
func (c *PacketConn) Loop() *uvgo.Loop {
	if c == nil || c.worker == nil {
		return nil
	}
	return c.worker.loop
}

// LocalAddr returns the address that the socket is bound to. Any goroutine may call it.
func (c *PacketConn) LocalAddr() net.Addr {
	if c == nil {
		return nil
	}
	return c.addr
}

// open begins to receive.
func (c *PacketConn) open() {
	if c.closed {
		return
	}
	c.udp.OnSent(c.sent)
	defer c.receive() // also behind a panic
	if o, ok := c.worker.server.PacketHandler.(PacketOpener); ok {
		c.opened = true
		c.worker.core.About(handles.UDPSlot(c.udp)) // a close event waits while OpenPackets blocks
		o.OpenPackets(c)
	}
}

// receive begins to receive, or to receive again, unless the socket has been closed, as while
// a callback blocked.
func (c *PacketConn) receive() {
	if c.closed {
		return
	}
	if err := c.udp.RecvStart(c.packet); err != nil && !errors.Is(err, uv.EALREADY) {
		c.worker.server.Logger.Error("server: receive datagrams", "addr", c.addr, "error", err)
	}
}

// packet hands a datagram to the handler.
func (c *PacketConn) packet(d handles.Datagram, err error) {
	w := c.worker
	if err != nil {
		if errors.Is(err, uv.ENOBUFS) { // no memory now, and receiving has stopped: try again
			c.receive()
		}
		return // others are of a datagram sent before
	}
	w.packetsIn.Add(1)
	w.bytesIn.Add(uint64(len(d.Data)))
	from := d.Addr
	if from.Addr().Is4In6() {
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	}
	w.server.PacketHandler.Packet(c, d.Data, from)
}

// sent notes how much is queued, and counts a datagram that could not be sent.
func (c *PacketConn) sent(queued int, err error) {
	c.queued = queued
	if err != nil {
		c.worker.packetsDropped.Add(1)
	}
}

// close offers the kernel what is queued, and closes the socket. ClosePackets comes with the
// close event: behind a callback of the socket that blocks, and where the loop reports a panic.
func (c *PacketConn) close() {
	if c.closed {
		return
	}
	c.udp.SendQueueSize() // sends this turn's datagrams
	c.closed = true
	if c.opened {
		c.udp.OnClose(c.tellClosed)
	}
	_ = c.udp.Close() // fails only on another goroutine
}

// tellClosed runs when the socket is gone.
func (c *PacketConn) tellClosed() { c.worker.server.PacketHandler.(PacketOpener).ClosePackets(c) }
