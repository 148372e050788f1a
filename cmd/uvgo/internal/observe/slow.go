package observe

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// keptSlow is how many slow callbacks are kept: the last ones.
const keptSlow = 50

// A Slow is a callback that held its loop up.
type Slow struct {
	At       time.Time     `json:"at"`
	Loop     string        `json:"loop,omitempty"` // "" if it is not known
	Callback string        `json:"callback"`
	Took     time.Duration `json:"took_ns"`
	Stuck    bool          `json:"stuck,omitempty"` // it had not returned then
	Stack    []string      `json:"stack,omitempty"`
	Worker   string        `json:"worker,omitempty"` // of uvgo workers
}

// A SlowLog keeps the last slow callbacks. The zero SlowLog is empty.
type SlowLog struct {
	mu  sync.Mutex
	all []Slow // the oldest first
}

// Add adds one.
func (s *SlowLog) Add(one Slow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) == keptSlow {
		s.all = slices.Delete(s.all, 0, 1)
	}
	s.all = append(s.all, one)
}

// Last returns the last ones, the oldest first.
func (s *SlowLog) Last() []Slow {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// Handler returns a handler for slog that notes what loops report of slow callbacks, and passes everything on.
func (s *SlowLog) Handler(next slog.Handler) slog.Handler { return noting{next, s} }

type noting struct {
	slog.Handler
	log *SlowLog
}

// Handle notes a report of a slow callback, and passes the record on.
func (n noting) Handle(ctx context.Context, r slog.Record) error {
	one := Slow{At: r.Time}
	switch r.Message {
	case "uvgo: slow callback":
	case "uvgo: callback is stuck, and holds its loop up":
		one.Stuck = true
	default:
		return n.Handler.Handle(ctx, r)
	}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "callback":
			one.Callback = a.Value.String()
		case "loop":
			one.Loop = a.Value.String()
		case "took", "for":
			if a.Value.Kind() == slog.KindDuration {
				one.Took = a.Value.Duration()
			}
		case "stack":
			one.Stack, _ = a.Value.Any().([]string)
		}
		return true
	})
	n.log.Add(one)
	return n.Handler.Handle(ctx, r)
}

// WithAttrs returns a handler that notes, too.
func (n noting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return noting{n.Handler.WithAttrs(attrs), n.log}
}

// WithGroup returns a handler that notes, too.
func (n noting) WithGroup(name string) slog.Handler { return noting{n.Handler.WithGroup(name), n.log} }
