package server

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/counter"
)

// A worker is one loop of a server with its listeners and connections. Any goroutine may
// read its counters; all other fields belong to the loop's.
type worker struct {
	server    *Server
	loop      *uvgo.Loop
	callbacks                    // of the connections, but for those of Dial
	core      *core.Core         // the loop's
	marks     handles.Watermarks // of every connection
	listeners []*listener
	packets   []*PacketConn
	conns     list         // open connections for which nothing is due
	wheel     wheel        // those for which something is
	timed     bool         // connections have an IdleTimeout or WriteTimeout from the beginning
	ahead     uint64       // milliseconds that the clock is ahead of the loop's: in tests only
	hangups   hangupWatch  // those that are not read
	plain     plainPool    // buffers for what TLS decrypts
	scans     frameScans   // of connections whose Frame runs
	next      int          // who gets the next connection that is distributed
	handed    atomic.Int32 // connections that other workers have handed over and that are not open yet

	draining       bool           // Shutdown has begun
	gathering      gathering      // while draining
	answerTimer    *handles.Timer // while draining, until CloseTimeout has passed
	answersExpired bool           // it has: only Hold counts as work
	grace          *handles.Timer // ends the time in which idle connections stay; nil: it has not begun
	inGrace        bool           // they do
	silent         bool           // it has told Server.ListenersClosed
	gone           bool           // listeners and connections have been closed
	drained        chan struct{}  // closed when draining is done

	open, accepted, dropped, pauses                 atomic.Uint64
	dialOpen, dialCount, dialFailed                 atomic.Uint64 // connections of Dial: not closed, connected so far, not connected
	handshakes, handshakesResumed, handshakesFailed atomic.Uint64
	lostPanics                                      atomic.Uint64 // of callbacks that were about no connection
	messages, bytesIn, bytesOut                     counter.Counter
	packetsIn, packetsOut, packetsDropped           counter.Counter
	paused, full                                    counter.Counter // connections now
	closed                                          closedCounts    // by reason
	cut                                             atomic.Uint64   // by CloseTimeout while draining, with bytes unsent
	stopped                                         atomic.Bool     // stop was called
	ended                                           atomic.Bool     // the loop is closed
}

func newWorker(s *Server, i int) (*worker, error) {
	w := &worker{
		server: s, callbacks: callbacksOf(s.Handler), drained: make(chan struct{}),
		marks: handles.Watermarks{Low: s.LowWater, High: s.HighWater},
		timed: s.IdleTimeout > 0 || s.WriteTimeout > 0,
	}
	w.conns.init()
	loop, err := uvgo.New(append(slices.Clone(s.Options), uvgo.WithPanicHandler(w.panicked), uvgo.WithNumber(i))...)
	if err != nil {
		return nil, err
	}
	w.loop, w.core = loop, core.Of(loop)
	return w, nil
}

// flush closes the sockets of closed listeners now, which would otherwise wait for the next
// turn: their addresses are to be free. A turn would also accept connections before Serve.
func (w *worker) flush() { w.loop.UpdateTime() }

// abandon closes all listeners and connections at once. It comes before the run has ended, too, which waits until no callback
// blocks: new events must not make others block.
func (w *worker) abandon() {
	w.closeListeners()
	w.draining, w.gone = true, true
	for _, c := range w.openConns() {
		if c.why == byUs {
			c.why = aborted
		}
		c.closeNow()
	}
}

// end closes listeners and connections, runs their callbacks and closes the
// loop. It waits for no peer, so it needs no time limit.
func (w *worker) end() {
	w.abandon()
	for _, t := range []*handles.Timer{w.wheel.timer, w.answerTimer, w.grace, w.hangups.timer} {
		if t != nil {
			_ = t.Close() // again for one that has run
		}
	}
	if err := w.loop.Shutdown(context.Background()); err != nil {
		w.server.Logger.Error("server: closing a loop", "error", err)
	}
	w.ended.Store(true)
}

// closeIdle closes the connections without work under way.
func (w *worker) closeIdle() {
	for _, c := range w.openConns() {
		c.closeIfIdle()
	}
}

func (w *worker) closeListeners() {
	for _, l := range w.listeners {
		l.close()
	}
	w.listeners = nil
	w.closePackets()
	w.stopListening()
}

func (w *worker) closePackets() {
	for _, c := range w.packets {
		c.close()
	}
	w.packets = nil
}

// enter notes whose callback begins, for panicked. It stays so while the callback blocks.
func (w *worker) enter(c *Conn) { w.core.SetTask(c) }

// leave notes that the callback has returned.
func (w *worker) leave() { w.core.SetTask(nil) }
