package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/handover"
	"github.com/uvgo/uvgo/uv"
)

// Detach takes the connection away from the server, for goroutines: for a protocol library that wants a
// net.Conn, or to hijack it. wrap makes a net.Conn of f, a duplicate of the socket: wrap is uvnet.FileConn or
// net.FileConn, for example. Detach closes f. wrap runs in the callback, and should not block. The handler's Close is
// called with nil, in a later turn, and nothing else of it; Stats count the connection in Closed.Detached.
//
// Detach belongs to the loop, and may be called in any callback of the connection. The bytes that Data or Frame was given are the
// caller's. All that was read behind them comes first from what Detach returns. That is what wrap has
// returned or, with TLS, the *tls.Conn on top of it. Where a type that is not uvnet's would have to
// begin with bytes that the loop has read, to give a place of MaxConns or MaxConnsPerIP back, or to tell the addresses that a PROXY header announced, it is inside a
// net.Conn that does so, and whose NetConn returns it.
//
// The connection counts for MaxConns and MaxConnsPerIP until what Detach has returned is closed. Neither
// Shutdown nor the end of Serve's context waits for it or closes it, and the server's timeouts hold for it no longer.
//
// EAGAIN if bytes are unsent: wait for that with WriteFunc. ENOTCONN before Open. net.ErrClosed after Close. EINVAL for
// a nil wrap. If reading has failed, wrap fails, or there is no descriptor left, Detach
// returns that error. After any error the connection is as it was before.
func (c *Conn) Detach(wrap func(f *os.File) (net.Conn, error)) (net.Conn, error) {
	const op = "server: detach"
	if err := c.use(op); err != nil {
		return nil, err
	}
	if err := c.detachable(op); err != nil {
		return nil, err
	}
	if wrap == nil {
		return nil, uv.Fail(op, uv.EINVAL)
	}
	c.LocalAddr() // which needs the stream
	_ = c.stream.ReadStop()
	nc, err := c.wrapSocket(wrap)
	if err == nil {
		if err = c.detachable(op); err == nil { // wrap may have lent the loop
			err = c.leaveWith(&nc)
		}
		if err != nil {
			_ = nc.Close()
		}
	}
	if err != nil {
		if !c.closes() {
			if fd, err := c.stream.FD(); err == nil {
				_ = unix.SetNonblock(fd, true) // wrap may have changed it for the socket
			}
			c.setReading()
		}
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return nc, nil
}

// detachable tells why the connection cannot be detached now.
func (c *Conn) detachable(op string) error {
	switch {
	case c.writes == connecting, c.shaking(), !c.is(opened):
		return uv.Fail(op, uv.ENOTCONN)
	case c.closes(), c.reads == discarding:
		return &uv.OpError{Op: op, Err: uv.ErrClosed}
	case c.unsent() > 0:
		return uv.Fail(op, uv.EAGAIN)
	}
	return nil
}

// wrapSocket calls wrap with a duplicate of the socket.
func (c *Conn) wrapSocket(wrap func(f *os.File) (net.Conn, error)) (net.Conn, error) {
	f, err := c.file()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	nc, err := wrap(f)
	if err == nil && nc == nil {
		err = errNoConn
	}
	return nc, err
}

// errNoConn is the error of a function that has made no connection of the socket.
var errNoConn = errors.New("the function has returned neither a net.Conn nor an error")

// leaveWith ends the connection, and makes nc, which has the socket, go on with what was read of it.
func (c *Conn) leaveWith(nc *net.Conn) error {
	below, frames := handover.State{Ahead: c.unread()}, handover.State{Ahead: c.unreadFrames()}
	err := c.stream.TakeRead(func(p []byte) { below.Ahead = append(below.Ahead, p...) })
	if err != nil && err != io.EOF { // which the socket tells again
		return err
	}
	if c.announced() != nil {
		below.Local, below.Remote = c.LocalAddr(), c.RemoteAddr()
	}
	below.Closed = c.passPlaces()
	if !c.is(hasTLS) {
		below.Ahead = append(frames.Ahead, below.Ahead...)
		frames.Ahead = nil
	}
	give(nc, below)
	if c.writes == writeEnded {
		if fd, err := c.stream.FD(); err == nil {
			_ = unix.Shutdown(fd, unix.SHUT_WR) // libuv may have it still to do, and its close gives that up
		}
	}
	if c.is(hasTLS) {
		t, err := c.secured().conn.Detach(*nc)
		if err != nil {
			return err // does not happen: detachable has looked
		}
		*nc = t
		give(nc, frames)
	}
	c.why = wasDetached
	c.reads, c.writes = readEnded, streamClosed
	_ = c.stream.Close() // fails only on another goroutine
	return nil
}

// give gives s to a connection: to itself if it is uvnet's, or else to one around it.
func give(nc *net.Conn, s handover.State) {
	if !s.Empty() && !handover.Give(*nc, s) {
		*nc = &detached{Conn: *nc, state: s}
	}
}

// unread returns what the server has read and not handed out: ciphertext with TLS. The stream has what
// follows it.
func (c *Conn) unread() (p []byte) {
	if m := c.more.Load(); m != nil && c.is(hasEarly) {
		p = append(p, m.early...)
	}
	if t := c.secured(); t != nil {
		p = append(append(p, t.rest...), t.behind...)
	}
	return p
}

// unreadFrames returns what follows the frame that is being handed out, or the frames that have been.
func (c *Conn) unreadFrames() (p []byte) {
	switch {
	case c.is(scanning):
		scan := c.worker.scans.of(c)
		p = append(append(p, scan.rest...), scan.behind...)
	case c.frames != nil:
		p = append(p, c.frames.buf[c.frames.off:]...)
	}
	return p
}

// passPlaces returns what gives back what MaxConns and MaxConnsPerIP count of the connection, nil if nothing is counted. The
// connection itself gives nothing back any more.
func (c *Conn) passPlaces() func() {
	if !c.is(hasPlace) && !c.is(addrCounted) {
		return nil
	}
	s, place, key, counted := c.worker.server, c.is(hasPlace), uint64(0), c.is(addrCounted)
	if counted {
		key = addrKey(c.remote().Addr())
	}
	c.facts &^= hasPlace | addrCounted
	return sync.OnceFunc(func() { s.giveBack(place, counted, key) })
}
