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
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A Conn is a connection of a server. Its methods belong to the connection's
// loop: call them in callbacks, or in functions given to Loop().Post. On another
// goroutine they fail with [uv.ErrNotOwner], or log the call and do nothing if they have
// no error to return; Hold, Release, Loop, LocalAddr and RemoteAddr may be called on
// any. On processors other than amd64 and arm64 only debug mode, [uvgo.WithDebug] among
// the server's Options, sees that. A Conn that no server made answers EINVAL.
type Conn struct {
	worker     *worker
	stream     *handles.Base
	listener   *listener
	prev, next *Conn
	context    any
	err        error                       // what Close reports
	read       func(p []byte, err error)   // the method data
	remote     netip.AddrPort              // TCP
	tcp        *handles.TCP                // whose address may differ from the listener's
	local      atomic.Pointer[net.TCPAddr] // which then is here, once asked for
	deadline   time.Duration               // limited: when it is cut, by the loop's clock
	round      uint64                      // the turn that recent counts from
	recent     int                         // bytes written in that turn
	work       atomic.Int32                // see Hold
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

// use checks a call of the handler's: EINVAL for a Conn that no server made,
// ErrNotOwner on a goroutine that does not run its loop.
func (c *Conn) use(op string) error {
	if c == nil || c.worker == nil {
		return uv.Check(op, int(uv.EINVAL))
	}
	if c.worker.loop.Owned() {
		return nil
	}
	return core.Of(c.worker.loop).Check(op)
}

// mine is use for calls that have no error to return.
func (c *Conn) mine(op string) bool {
	if c == nil || c.worker == nil {
		return false
	}
	if c.worker.loop.Owned() {
		return true
	}
	core.Of(c.worker.loop).Complain(op)
	return false
}

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
func (c *Conn) Context() any {
	if !c.mine("server: context") {
		return nil
	}
	return c.context
}

// SetContext stores a value of the handler's with the connection.
func (c *Conn) SetContext(v any) {
	if c.mine("server: set context") {
		c.context = v
	}
}

// Loop returns the connection's loop; its Post is how other goroutines reach
// the connection. Any goroutine may call it.
func (c *Conn) Loop() *uvgo.Loop {
	if c == nil || c.worker == nil {
		return nil
	}
	return c.worker.loop
}

// LocalAddr returns the address of our end. After Close, and on another goroutine, a
// connection of a wildcard listener that was not asked before has the listener's
// address. Any goroutine may call it.
func (c *Conn) LocalAddr() net.Addr {
	if c == nil || c.worker == nil {
		return nil
	}
	if a := c.local.Load(); a != nil {
		return a
	}
	if c.tcp != nil {
		if a, err := c.tcp.LocalAddr(); err == nil {
			local := net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
			c.local.Store(local)
			return local
		}
	}
	return c.listener.addr
}

// RemoteAddr returns the peer's address, also after Close. A unix peer that is
// not bound has an empty name. Any goroutine may call it.
func (c *Conn) RemoteAddr() net.Addr {
	if c == nil || c.worker == nil {
		return nil
	}
	if c.remote.IsValid() {
		return net.TCPAddrFromAddrPort(c.remote)
	}
	return &net.UnixAddr{Net: "unix"}
}
