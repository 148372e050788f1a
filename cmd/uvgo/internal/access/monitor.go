package access

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A Monitor sees the requests of a server. The fields are set before the first one.
type Monitor struct {
	// Log gets a record for each request, at its end. nil means no log, which then costs nothing.
	Log *slog.Logger
	// Timed fills the histogram of durations.
	Timed bool

	requests [6]atomic.Uint64 // by the status's first digit
	bytes    atomic.Uint64
	inFlight atomic.Int64
	accepted atomic.Uint64
	closed   atomic.Uint64
	took     histogram
}

// Stats are what a Monitor has counted.
type Stats struct {
	Requests [6]uint64 // answered, by the status's first digit
	Bytes    uint64    // of the answers' bodies
	InFlight int64     // requests under way
	Conns    uint64    // open connections
	Accepted uint64    // connections since the beginning
}

// Answered returns how many requests have been answered.
func (s Stats) Answered() (n uint64) {
	for _, of := range s.Requests {
		n += of
	}
	return n
}

// Stats returns the counts. They are of almost the same time.
func (m *Monitor) Stats() Stats {
	s := Stats{Bytes: m.bytes.Load(), InFlight: m.inFlight.Load()}
	for class := range m.requests {
		s.Requests[class] = m.requests[class].Load()
	}
	closed := m.closed.Load() // before accepted, which is never less
	s.Accepted = m.accepted.Load()
	s.Conns = s.Accepted - closed
	return s
}

// ConnState is for the server's field of that name.
func (m *Monitor) ConnState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		m.accepted.Add(1)
	case http.StateClosed, http.StateHijacked:
		m.closed.Add(1)
	}
}

// recorders are kept, because each request needs one. A handler must not use its ResponseWriter after it has returned.
var recorders = sync.Pool{New: func() any { return new(recorder) }}

// Wrap returns a handler that calls h and sees its requests.
func (m *Monitor) Wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := recorders.Get().(*recorder)
		*rec = recorder{ResponseWriter: w, head: r.Method == http.MethodHead}
		if m.Timed || m.Log != nil {
			rec.began = time.Now()
		}
		m.inFlight.Add(1)
		defer m.done(rec, r)
		h.ServeHTTP(rec, r)
		rec.returned = true
	})
}

// done counts and logs a request whose handler has returned or panicked.
func (m *Monitor) done(rec *recorder, r *http.Request) {
	if rec.status == 0 && rec.returned {
		rec.status = http.StatusOK
	}
	m.inFlight.Add(-1)
	m.requests[min(rec.status/100, 5)].Add(1) // 0: none was sent
	m.bytes.Add(uint64(rec.bytes))
	if !rec.began.IsZero() {
		took := time.Since(rec.began)
		if m.Timed {
			m.took.add(took)
		}
		if m.Log != nil {
			m.log(rec, r, took)
		}
	}
	*rec = recorder{}
	recorders.Put(rec)
}

// log writes a request's record. The query is left out, because it may hold secrets.
func (m *Monitor) log(rec *recorder, r *http.Request, took time.Duration) {
	m.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("method", r.Method), slog.String("path", r.URL.EscapedPath()), slog.Int("status", rec.status),
		slog.Int64("bytes", rec.bytes), slog.Duration("duration", took), slog.String("remote", r.RemoteAddr),
		slog.String("agent", r.UserAgent()), slog.String("protocol", r.Proto))
}
