package server

import (
	"slices"
	"sync"

	"github.com/uvgo/uvgo/handles"
)

// places are the places of connections that MaxConns allows, for all loops together.
//
// A connection that finds no place waits in its listener, which pauses: the kernel queues
// those behind it. A place that becomes free goes to the listener that has waited longest,
// whose loop then opens the connection and resumes the listener. So a listener pauses and
// resumes once for each connection that had to wait, and none waits for ever while others come.
type places struct {
	mu      sync.Mutex
	taken   int
	waiting []*listener
}

// enter takes a place. If there is none it returns false, and later posts l.admitted to the
// listener's loop.
func (s *Server) enter(l *listener) bool {
	if s.MaxConns == 0 {
		return true
	}
	p := &s.places
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken < s.MaxConns {
		p.taken++
		return true
	}
	p.waiting = append(p.waiting, l)
	return false
}

// leave frees a place. Any goroutine may call it.
func (s *Server) leave() {
	if s.MaxConns == 0 {
		return
	}
	p := &s.places
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.waiting) > 0 {
		l := p.waiting[0]
		p.waiting = slices.Delete(p.waiting, 0, 1)
		if l.worker.loop.Post(l.admitted) == nil { // fails once the loop has ended
			return
		}
	}
	p.taken--
}

// wait keeps a connection for which there is no place, and pauses the listener.
func (l *listener) wait(s handles.Stream) {
	l.waiting = s
	_ = l.stream.Base().PauseAccept() // fails only on a closed listener
	w := l.worker
	w.pauses.Add(1)
	if s := w.server; s.full.due() {
		s.Logger.Warn("server: MaxConns is reached, new connections wait", "MaxConns", s.MaxConns, "address", l.addr)
	}
}

// admitted opens the connection that has waited for a place.
func (l *listener) admitted() {
	s := l.waiting
	l.waiting = nil
	if s == nil { // the listener has been closed
		l.worker.server.leave()
		return
	}
	_ = l.stream.Base().ResumeAccept() // fails only on a closed listener
	l.worker.dispatch(s, l)
	if l.worker.draining {
		l.worker.gather() // what waits behind it
	}
}

// closeWaiting closes the connection that waits for a place: as one that the kernel has queued.
func (l *listener) closeWaiting() {
	if l.waiting != nil {
		_ = l.waiting.Close() // fails only on another goroutine
		l.waiting = nil
	}
}

// waits returns how many connections wait for a place. Any goroutine may call it.
func (p *places) waits() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return uint64(len(p.waiting))
}
