package server

import (
	"context"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// A worker is one loop of a server with its listeners and connections. All but
// the counters belongs to the loop's goroutine.
type worker struct {
	server    *Server
	loop      *uvgo.Loop
	handler   Handler
	drainer   Drainer    // handler, if it is one
	eof       EOFHandler // handler, if it is one
	listeners []*listener
	conns     list      // open connections
	lingering lingering // those that close
	still     still     // those that are not read
	current   *Conn     // whose callback is running
	next      int       // who gets the next connection that is handed out
	draining  bool
	hurrying  *handles.Timer // while draining, until CloseTimeout has passed
	late      bool           // it has
	gone      bool           // all is closed
	drained   chan struct{}  // closed when draining is done

	open, accepted, dropped, messages, bytesIn, bytesOut atomic.Uint64
	cut                                                  atomic.Uint64            // by CloseTimeout while draining, with bytes unsent
	ended                                                atomic.Bool              // the loop is closed
	final                                                atomic.Pointer[uv.Stats] // the loop's, once it is closed
}

func newWorker(s *Server) (*worker, error) {
	w := &worker{server: s, handler: s.Handler, drained: make(chan struct{}), still: still{wait: stillWait}}
	w.drainer, _ = s.Handler.(Drainer)
	w.eof, _ = s.Handler.(EOFHandler)
	loop, err := uvgo.New(append(slices.Clone(s.Options), uvgo.WithPanicHandler(w.panicked))...)
	w.loop = loop
	return w, err
}

// serve runs the loop until stop or ctx ends, then closes all that is open.
func (w *worker) serve(ctx context.Context) error {
	w.loop.Hold()
	defer func() { // also when a handler has called runtime.Goexit
		w.loop.Drop()
		w.end()
	}()
	return w.loop.Run(ctx)
}

// flush makes closed listeners give up their addresses now. Nothing runs the
// loop before Serve: it would accept connections.
func (w *worker) flush() { w.loop.UpdateTime() }

// stop ends serve. Any goroutine may call it.
func (w *worker) stop() { w.loop.Stop() }

// end closes listeners and connections, runs their callbacks and closes the
// loop. Nothing in it waits for a peer, so it needs no time limit.
func (w *worker) end() {
	w.closeListeners()
	w.draining, w.gone = true, true
	for _, l := range []*list{&w.conns, &w.lingering.list} {
		for c := l.first; c != nil; c = c.next {
			c.cut()
		}
	}
	for _, t := range []*handles.Timer{w.lingering.timer, w.hurrying, w.still.timer} {
		if t != nil {
			_ = t.Close() // again for one that has run
		}
	}
	stats := w.loop.Stats()
	w.final.Store(&stats)
	if err := w.loop.Shutdown(context.Background()); err != nil {
		w.server.Logger.Error("server: closing a loop", "error", err)
	}
	w.ended.Store(true)
}

// drain begins the orderly end: connections without work under way end, the
// others when it is done, or after CloseTimeout if nobody holds them.
func (w *worker) drain() {
	if w.draining {
		return
	}
	w.draining = true
	w.closeListeners()
	w.settleAll()
	if w.conns.first != nil {
		t, err := w.loop.AfterFunc(w.server.CloseTimeout, w.hurry)
		if err != nil {
			w.hurry()
			return
		}
		t.Unref()
		w.hurrying = t
	}
	w.checkDrained()
}

// hurry ends the waiting for answers of which only time tells whether they come.
func (w *worker) hurry() {
	w.late = true
	w.settleAll()
}

// settleAll settles the connections that do not close yet.
func (w *worker) settleAll() {
	for c := w.conns.first; c != nil; {
		next := c.next
		c.settle()
		c = next
	}
}

func (w *worker) closeListeners() {
	for _, l := range w.listeners {
		l.close()
	}
	w.listeners = nil
}

// checkDrained tells Shutdown once no connection is left, and none may come.
func (w *worker) checkDrained() {
	if w.draining && w.conns.first == nil && w.lingering.first == nil && w.server.givers.Load() == 0 {
		select {
		case <-w.drained:
		default:
			close(w.drained)
		}
	}
}

// accept takes a connection that a listener of this worker accepted: it stays
// here if the kernel spread the connections, otherwise the workers take turns.
func (w *worker) accept(s handles.Stream, l *listener) {
	w.accepted.Add(1)
	to := w
	if !l.spread {
		to = w.server.workers[w.next%len(w.server.workers)]
		w.next++
	}
	if to == w {
		w.adopt(s, l)
		return
	}
	fd, err := s.FD()
	if err == nil {
		fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	}
	s.Close()
	if err == nil && to.loop.Post(func() { to.take(fd, l) }) != nil {
		unix.Close(fd)
	}
	if err != nil {
		w.drop(1, err)
	}
}

// take makes a connection of a descriptor that another worker accepted. While
// draining that is one that came before Shutdown: it ends in good order.
func (w *worker) take(fd int, l *listener) {
	defer unix.Close(fd)
	if w.gone {
		return
	}
	s, err := l.openStream(w.loop, uintptr(fd))
	if err != nil {
		w.drop(1, err)
		return
	}
	w.adopt(s, l)
}

// adopt makes a Conn of a stream and opens it.
func (w *worker) adopt(s handles.Stream, l *listener) {
	c := &Conn{worker: w, stream: s.Base(), listener: l}
	w.conns.add(c)
	w.open.Add(1)
	c.init(s)
	c.settle()
}

// remove forgets a closed connection.
func (w *worker) remove(c *Conn) {
	if c.has(limited) {
		w.lingering.remove(c)
	} else {
		w.conns.remove(c)
	}
	w.open.Add(^uint64(0))
	w.checkDrained()
}
