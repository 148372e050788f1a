package server

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// A Conn is a connection of a server. Its methods belong to the connection's
// loop: call them in callbacks, or in functions that Loop().Post runs. On another
// goroutine a method fails with [uv.ErrNotOwner] or, if it returns no error, logs the call
// and does nothing. Once the server has ended, writes of every goroutine fail with an error
// that errors.Is matches with net.ErrClosed. Any goroutine may call Hold, Release, Loop, LocalAddr, RemoteAddr, ProxyAddr and ProxyTLVs. On
// processors other than amd64 and arm64 the wrong goroutine is noticed only in debug mode:
// with [uvgo.WithDebug] among the server's Options. A Conn that no server made returns EINVAL.
type Conn struct {
	prev, next *Conn // in the list that it is in
	worker     *worker
	stream     *handles.Base
	context    any
	more       atomic.Pointer[more] // see there
	frames     *frames              // nil unless Frames made the handler
	flow       handles.Flow         // the stream's
	work       atomic.Int32         // see Hold
	active     uint32               // when something was read or written, by worker.tick; if it has timeouts
	facts      facts
	reads      readState
	writes     writeState
	why        reason // what Stats count; set with what cause reports
}

// open opens a connection that was just accepted.
func (c *Conn) open(s handles.Stream) {
	w := c.worker
	c.setPeer(remoteOf(s))
	_ = c.stream.ControlFlow(&c.flow, &w.marks, (*streamTarget)(c)) // fails only on a closed stream
	if !c.awaitHeader() {
		c.begin()
	}
}

// begin starts TLS or calls Open, once a PROXY header that comes first has been read.
func (c *Conn) begin() {
	if c.is(isDialed) {
		if config := c.dialed().tls; config != nil {
			c.startClientTLS(config)
			return
		}
		c.handOver()
		return
	}
	if !c.countAddr() {
		c.failAs(tooManyConns, ErrTooManyConns)
		return
	}
	if config := c.more.Load().listener.tls; config != nil {
		c.startTLS(config)
		return
	}
	c.handOver()
}

// handOver calls Open, once nothing else has to come first.
func (c *Conn) handOver() {
	w := c.worker
	if c.is(inHandshake) {
		c.endHandshake()
	} else if w.timed {
		c.startTimeouts()
	}
	c.facts |= opened
	returned := false
	defer c.exited(&returned)
	w.enter(c)
	w.core.About(c.stream.DeferredSlot()) // it may be a callback of the listener: that accepts on while Open blocks
	c.on().handler.Open(c)
	w.leave()
	returned = true
	c.setReading()
}

// data handles what the stream read.
func (c *Conn) data(p []byte, err error) {
	if c.is(hasTLS) {
		c.readTLS(p, err)
		return
	}
	if err != nil {
		c.readEnd(err)
		return
	}
	if c.closes() {
		return
	}
	c.deliver(p)
}

// deliver calls the handler's Data.
func (c *Conn) deliver(p []byte) {
	c.facts |= owesAnswer
	w := c.worker
	if c.is(idleTimed) {
		c.active = w.tick()
	}
	w.messages.Add(1)
	w.bytesIn.Add(uint64(len(p)))
	w.enter(c)
	c.on().handler.Data(c, p)
	w.leave()
}

// readEnd handles the peer's EOF or a failure.
func (c *Conn) readEnd(err error) {
	if errors.Is(err, uv.ENOBUFS) { // no memory now: try again
		c.setReading()
		return
	}
	if err != io.EOF {
		c.fail(err)
		return
	}
	if c.frames == nil || c.closes() || c.endFrames() {
		c.peerEnded()
	}
}

// peerEnded handles the peer's EOF, once the frames before it are handed out.
func (c *Conn) peerEnded() {
	c.reads = readEnded
	if c.is(idleTimed) {
		c.active = c.worker.tick()
	}
	if c.closes() {
		c.close()
		return
	}
	c.why = byPeer
	if c.on().eof == nil {
		if !c.held() {
			c.close()
			return
		}
		c.setReading() // registers with the hang-up watch
		return
	}
	c.facts |= owesAnswer
	c.setReading() // registers with the hang-up watch
	returned := false
	defer c.exited(&returned)
	c.worker.enter(c)
	c.on().eof.EOF(c)
	c.worker.leave()
	returned = true
	if c.writes != writeOpen && c.unsent() == 0 { // both sides have ended
		c.closeNow()
	}
}

// closed runs when the stream is gone.
func (c *Conn) closed() {
	w := c.worker
	c.count(countedPaused, false)
	c.count(countedFull, false)
	if c.shaking() {
		w.handshakesFailed.Add(1)
	}
	if c.is(hasTLS) {
		c.secured().conn.Abort() // a handshake that goes on
	}
	if c.is(isDialed) && !c.is(opened) {
		w.dialFailed.Add(1)
	} else {
		w.countClosed(c.why, c.remoteAttr(), c.cause())
	}
	w.remove(c)
	defer c.leaveServer() // behind Handler.Close, which may panic: no Open comes before it that would be one too many
	if c.facts&(opened|announcedTLS|isDialed) == 0 {
		return
	}
	w.enter(c)
	c.on().handler.Close(c, c.cause())
	w.leave()
}

// remoteAttr is the peer's address in a report, nothing for a unix socket.
func (c *Conn) remoteAttr() slog.Attr {
	a := c.remote()
	if !a.IsValid() {
		return slog.Attr{}
	}
	return slog.Any("remote", a)
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

// Loop returns the connection's loop. Other goroutines reach the connection by the loop's
// Post. Any goroutine may call Loop.
func (c *Conn) Loop() *uvgo.Loop {
	if c == nil || c.worker == nil {
		return nil
	}
	return c.worker.loop
}

// LocalAddr returns the address of our end. A connection of a listener on every interface
// looks its address up at the first call in a callback; before that, other goroutines, and
// calls after Close, get the listener's address, and nil for a connection of Dial. Any goroutine may call it.
func (c *Conn) LocalAddr() net.Addr {
	if c == nil || c.worker == nil {
		return nil
	}
	if m := c.more.Load(); m != nil {
		if a := m.local.Load(); a != nil {
			return a
		}
		if h := m.proxied; h != nil && h.header.Unix {
			return &net.UnixAddr{Name: h.header.DstPath, Net: "unix"}
		}
	}
	if d := c.dialed(); d != nil && d.isUnix() {
		return &net.UnixAddr{Net: "unix"}
	}
	var l *listener
	if m := c.more.Load(); m != nil {
		l = m.listener
	}
	if l == nil || l.any {
		if a, err := c.stream.LocalAddr(); err == nil {
			local := net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
			c.rare().local.Store(local)
			return local
		}
	}
	if l == nil {
		return nil
	}
	return l.addr
}

// RemoteAddr returns the peer's address, also after Close; behind a proxy the one that
// a PROXY header announced, see [ProxyProtocol]. For a connection of Dial it is nil until the
// lookup has ended. A unix peer that is
// not bound has an empty name. Any goroutine may call it.
func (c *Conn) RemoteAddr() net.Addr {
	if c == nil || c.worker == nil {
		return nil
	}
	if d := c.dialed(); d != nil {
		return d.remoteAddr()
	}
	if h := c.announced(); h != nil && h.header.Unix {
		return &net.UnixAddr{Name: h.header.SrcPath, Net: "unix"}
	}
	if a := c.remote(); a.IsValid() {
		return net.TCPAddrFromAddrPort(a)
	}
	return &net.UnixAddr{Net: "unix"}
}
