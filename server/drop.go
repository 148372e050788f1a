package server

import (
	"errors"
	"sync"
	"time"

	"github.com/uvgo/uvgo/uv"
)

// acceptFailed counts connections that a listener could not accept.
func (w *worker) acceptFailed(l *listener, err error) {
	closed := l.stream.Base().Dropped()
	w.drop(closed-l.closed, err)
	l.closed = closed
}

// drop counts n connections that were closed at the accept, and reports why, once a second at
// most: there may be thousands.
func (w *worker) drop(n uint64, err error) {
	w.dropped.Add(n)
	s := w.server
	if !s.drops.due() {
		return
	}
	total := s.Stats().Dropped
	if errors.Is(err, uv.EMFILE) || errors.Is(err, uv.ENFILE) {
		s.Logger.Error("server: out of descriptors, new connections are closed: raise the limit (ulimit -n, LimitNOFILE=)",
			"dropped", total, "error", err)
		return
	}
	s.Logger.Warn("server: accept", "error", err, "dropped", total)
}

// A limiter allows one report a second.
type limiter struct {
	mu   sync.Mutex
	last time.Time
}

// due tells whether a report may be made now, which then counts as made. Any goroutine may
// call it.
func (l *limiter) due() bool {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.last.IsZero() && now.Sub(l.last) < time.Second {
		return false
	}
	l.last = now
	return true
}
