package server

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// A Conn is a connection of a server. Its methods belong to the connection's
// loop: call them in callbacks, or in functions given to Loop().Post.
type Conn struct {
	worker     *worker
	stream     *handles.Base
	listener   *listener
	prev, next *Conn
	context    any
	err        error                     // what Close reports
	read       func(p []byte, err error) // the method data
	remote     netip.AddrPort            // TCP
	tcp        *handles.TCP              // whose address may differ from the listener's
	local      net.Addr                  // which then is here
	deadline   time.Duration             // limited: when it is cut, by the loop's clock
	round      uint64                    // the turn that recent counts from
	recent     int                       // bytes written in that turn
	work       atomic.Int32              // see Hold
	flags      uint16
}

// The flags of a Conn.
const (
	paused  = 1 << iota // by Pause
	over                // above the high watermark
	reading             // the stream is being read
	done                // no more reading: EOF, an error, or the stream is closed
	closing             // we are to close: what arrives is dropped
	shut                // our side is being ended, or has been
	looking             // a look at the queue is due in the next turn
	wrote               // something was written
	owing               // the handler has not written since Data or EOF
	limited             // among the worker's lingering
	listed              // among the worker's still
)

func (c *Conn) has(f uint16) bool { return c.flags&f != 0 }

// init opens a connection that was just accepted.
func (c *Conn) init(s handles.Stream) {
	c.read = c.data // made once: reading starts and stops often
	c.stream.OnClose(c.closed)
	c.stream.OnWritten(c.written)
	c.remote = remote(s)
	if c.listener.any {
		c.tcp, _ = s.(*handles.TCP)
	}
	w := c.worker
	w.current = c
	w.handler.Open(c)
	w.current = nil
	c.setReading()
}

// setReading reads from the stream exactly while everything allows it.
func (c *Conn) setReading() {
	want := !c.has(done) && (c.has(closing) || !c.has(paused|over))
	switch {
	case want && !c.has(reading):
		if err := c.stream.ReadStart(c.read); err != nil {
			c.fail(err)
			return
		}
		c.flags |= reading
	case !want && c.has(reading):
		c.flags &^= reading
		_ = c.stream.ReadStop() // fails only on a closed stream
	}
	if !want && !c.has(closing) {
		c.worker.watchStill(c)
	}
}

// data handles what the stream read.
func (c *Conn) data(p []byte, err error) {
	if err != nil {
		c.readEnd(err)
		return
	}
	if c.has(closing) {
		return
	}
	c.flags |= owing
	w := c.worker
	w.messages.Add(1)
	w.bytesIn.Add(uint64(len(p)))
	w.current = c
	w.handler.Data(c, p)
	w.current = nil
}

// readEnd handles the peer's EOF or a failure.
func (c *Conn) readEnd(err error) {
	c.flags &^= reading
	if errors.Is(err, uv.ENOBUFS) { // no memory now: try again
		c.setReading()
		return
	}
	if err != io.EOF {
		c.fail(err)
		return
	}
	c.flags |= done
	if c.has(closing) {
		c.finish()
		return
	}
	c.err = io.EOF
	if c.worker.eof == nil {
		if !c.held() {
			c.finish()
			return
		}
		c.setReading() // never again
		return
	}
	c.flags |= owing
	c.setReading() // never again
	c.worker.current = c
	c.worker.eof.EOF(c)
	c.worker.current = nil
	if c.has(shut) && c.unsent() == 0 { // both sides have ended
		c.cut()
	}
}

// fail closes at once, for a reason that Close reports: the first, but for the
// peer's EOF, which is none.
func (c *Conn) fail(err error) {
	if c.err == nil || c.err == io.EOF {
		c.err = err
	}
	c.cut()
}

// closed runs when the stream is gone.
func (c *Conn) closed() {
	w := c.worker
	w.remove(c)
	w.current = c
	w.handler.Close(c, c.err)
	w.current = nil
}

// Context returns what SetContext stored, nil before.
func (c *Conn) Context() any { return c.context }

// SetContext stores a value of the handler's with the connection.
func (c *Conn) SetContext(v any) { c.context = v }

// Loop returns the connection's loop; its Post is how other goroutines reach
// the connection.
func (c *Conn) Loop() *uvgo.Loop { return c.worker.loop }

// LocalAddr returns the address of our end. After Close, a connection of a
// wildcard listener that was not asked before has the listener's address.
func (c *Conn) LocalAddr() net.Addr {
	if c.tcp != nil {
		if a, err := c.tcp.LocalAddr(); err == nil {
			c.local = net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
		}
		c.tcp = nil
	}
	if c.local != nil {
		return c.local
	}
	return c.listener.addr
}

// RemoteAddr returns the peer's address, also after Close. A unix peer that is
// not bound has an empty name.
func (c *Conn) RemoteAddr() net.Addr {
	if c.remote.IsValid() {
		return net.TCPAddrFromAddrPort(c.remote)
	}
	return &net.UnixAddr{Net: "unix"}
}
