package server

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// accept opens a connection that a listener of this worker accepted, once there is a place
// for it.
func (w *worker) accept(s handles.Stream, l *listener) {
	w.gathering.arrivals++
	if !w.server.enter(l) {
		l.wait(s)
		return
	}
	w.dispatch(s, l)
}

// dispatch opens a connection that has a place: here if the kernel spreads the connections
// over the workers' listeners, otherwise on each worker in turn.
func (w *worker) dispatch(s handles.Stream, l *listener) {
	to := w
	if !l.spread {
		to = w.server.workers[w.next%len(w.server.workers)]
		w.next++
	}
	if to == w {
		w.openConn(s, l)
		return
	}
	fd, err := s.FD()
	if err == nil {
		fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	}
	s.Close()
	if err == nil {
		to.handed.Add(1) // before Post, and so before the listener is closed: see checkDrained
		if to.loop.Post(func() { to.openDescriptor(fd, l) }) != nil {
			to.refuse(fd)
		}
	}
	if err != nil {
		w.server.leave()
		w.drop(1, err)
	}
}

// openDescriptor opens a connection that another worker accepted, of its descriptor. While
// the server drains that is one that came before Shutdown: it closes gracefully.
func (w *worker) openDescriptor(fd int, l *listener) {
	if w.gone {
		w.refuse(fd)
		return
	}
	defer unix.Close(fd)
	s, err := l.openStream(w.loop, uintptr(fd))
	if err != nil {
		w.handed.Add(-1)
		w.server.leave()
		w.drop(1, err)
		w.checkDrained()
		return
	}
	w.handed.Add(-1)
	w.openConn(s, l)
}

// refuse closes a connection that came when the worker had closed all of its own. Any goroutine
// may call it.
func (w *worker) refuse(fd int) {
	_ = unix.Close(fd)
	w.handed.Add(-1)
	w.accepted.Add(1)
	w.closed[aborted].Add(1)
	w.server.leave()
}

// openConn makes a Conn of a stream that a listener accepted, and opens it.
func (w *worker) openConn(s handles.Stream, l *listener) {
	c := &Conn{worker: w, stream: s.Base()}
	c.more.Store(&l.blank)
	if w.server.MaxConns > 0 {
		c.facts |= hasPlace
	}
	w.conns.move(c)
	w.accepted.Add(1)
	w.open.Add(1)
	c.open(s)
	c.closeIfIdle()
}

// remove forgets a closed connection.
func (w *worker) remove(c *Conn) {
	c.unlink()
	w.open.Add(^uint64(0))
	if c.is(isDialed) {
		w.dialOpen.Add(^uint64(0))
	} else if w.draining && !w.acceptedOpen() {
		w.closeIdle() // what Dial has made is not needed any more
	}
	w.checkDrained()
}

// remoteOf returns the address of a new connection's peer, which costs no crossing
// for one that the listener has just accepted.
func remoteOf(s handles.Stream) netip.AddrPort {
	if t, ok := s.(*handles.TCP); ok {
		if a, err := t.RemoteAddr(); err == nil { // a peer that has gone already may have none
			return a
		}
	}
	return netip.AddrPort{}
}

// openStream makes a handle of a descriptor that another worker accepted.
func (l *listener) openStream(loop *uvgo.Loop, fd uintptr) (handles.Stream, error) {
	if l.addr.Network() == "unix" {
		p, err := loop.NewPipe()
		if err != nil {
			return nil, err
		}
		if err := p.Open(fd); err != nil {
			p.Close()
			return nil, err
		}
		return p, nil
	}
	t, err := loop.NewTCP()
	if err != nil {
		return nil, err
	}
	if err := t.Open(fd); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}
