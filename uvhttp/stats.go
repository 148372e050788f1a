package uvhttp

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/internal/counter"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// Stats is a snapshot of what a Server has done and is doing, in all calls of Serve together.
type Stats struct {
	Requests [6]uint64 // answered requests by the class of their status: Requests[2] are those of 200 to 299; Requests[0] of none
	InFlight uint64    // requests whose handlers run now
	Panics   uint64    // of handlers, http.ErrAbortHandler included

	// RequestTime counts requests by how long they took, in nanoseconds: from when the head was read until the handler had returned.
	RequestTime uv.Histogram

	// Conns are the counts of the connections. One that goes over to HTTP/2, or that was hijacked, is Detached there.
	Conns server.Stats
	// Loops has what each loop has counted.
	Loops []uv.Stats
}

// meter is what the loop counts of the requests of HTTP/1.
type meter struct {
	classes  [6]counter.Counter
	time     counter.Histogram
	begun    counter.Counter
	ended    counter.Counter
	panicked atomic.Uint64 // on any goroutine
}

// class is the class of a status.
func class(status int) int {
	if status < 100 || status > 599 {
		return 0
	}
	return status / 100
}

// addTo adds what was counted to a snapshot.
func (m *meter) addTo(s *Stats) {
	for i := range m.classes {
		s.Requests[i] += m.classes[i].Load()
	}
	m.time.AddTo(&s.RequestTime)
	ended := m.ended.Load() // before begun: there are never more
	s.InFlight += m.begun.Load() - ended
	s.Panics += m.panicked.Load()
}

// A sharedMeter counts requests that net/http's server handles, on its goroutines.
type sharedMeter struct {
	classes      [6]atomic.Uint64
	time         [uv.HistogramBuckets]atomic.Uint64
	sum          atomic.Uint64
	begun, ended atomic.Uint64
	panicked     atomic.Uint64
}

func (m *sharedMeter) addTo(s *Stats) {
	for i := range m.classes {
		s.Requests[i] += m.classes[i].Load()
	}
	for i := range m.time {
		s.RequestTime.Counts[i] += m.time[i].Load()
	}
	s.RequestTime.Sum += m.sum.Load()
	ended := m.ended.Load()
	s.InFlight += m.begun.Load() - ended
	s.Panics += m.panicked.Load()
}

// counted is a handler for net/http's server that counts.
func (m *sharedMeter) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.begun.Add(1)
		start := time.Now()
		sees := &statusWriter{ResponseWriter: w}
		returned := false
		defer func() {
			if !returned {
				m.panicked.Add(1)
			}
			took := uint64(max(time.Since(start), 0))
			m.time[uv.HistogramBucket(took)].Add(1)
			m.sum.Add(took)
			if sees.status == 0 && returned {
				sees.status = http.StatusOK
			}
			m.classes[class(sees.status)].Add(1)
			m.ended.Add(1)
		}()
		if r.ProtoMajor < 2 {
			h.ServeHTTP(&statusHijacker{sees}, r)
		} else {
			h.ServeHTTP(&statusPusher{sees}, r)
		}
		returned = true
	})
}

// Stats returns the counts so far. Any goroutine may call it, at any time, also when the server has ended. The loops
// go on meanwhile, so the counts are not from one moment.
func (s *Server) Stats() (t Stats) {
	s.mu.Lock()
	engines := s.all()
	t = s.past
	t.Loops = append([]uv.Stats(nil), t.Loops...)
	s.mu.Unlock()
	for _, e := range engines {
		e.addTo(&t)
	}
	s.late.addTo(&t) // behind what they have begun
	return t
}

// addTo adds what the engine has counted to a snapshot.
func (e *engine) addTo(t *Stats) {
	e.mu.Lock()
	for _, w := range e.workers {
		w.meter.addTo(t)
	}
	e.mu.Unlock()
	e.shared.addTo(t)
	t.Conns = t.Conns.Add(e.inner.Stats())
	t.Loops = append(t.Loops, e.inner.LoopStats()...)
}
