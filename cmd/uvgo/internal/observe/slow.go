package observe

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/uvgo/uvgo/uv"
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

// Hook adds a callback that has ended, for uvgo.WithSlowCallbackHook.
func (s *SlowLog) Hook(c uv.SlowCallback) {
	s.Add(Slow{At: c.Began.Add(c.Took), Loop: c.Loop, Callback: c.Site, Took: c.Took})
}

// Handler returns a handler for slog that notes what loops report of callbacks that are stuck, and passes everything on.
func (s *SlowLog) Handler(next slog.Handler) slog.Handler { return noting{next, s} }

type noting struct {
	slog.Handler
	log *SlowLog
}

// Handle notes a report of a stuck callback, and passes the record on.
func (n noting) Handle(ctx context.Context, r slog.Record) error {
	if r.Message != "uvgo: callback is stuck, and holds its loop up" {
		return n.pass(ctx, r)
	}
	one := Slow{At: r.Time, Stuck: true}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "callback":
			one.Callback = a.Value.String()
		case "loop":
			one.Loop = a.Value.String()
		case "for":
			if a.Value.Kind() == slog.KindDuration {
				one.Took = a.Value.Duration()
			}
		case "stack":
			one.Stack, _ = a.Value.Any().([]string)
		}
		return true
	})
	n.log.Add(one)
	return n.pass(ctx, r)
}

// Enabled says that reports of stuck callbacks are wanted, also where the handler behind drops them.
func (n noting) Enabled(ctx context.Context, l slog.Level) bool {
	return l == slog.LevelWarn || n.Handler.Enabled(ctx, l)
}

// pass passes a record on, if the handler behind wants it.
func (n noting) pass(ctx context.Context, r slog.Record) error {
	if !n.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return n.Handler.Handle(ctx, r)
}

// WithAttrs returns a handler that notes, too.
func (n noting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return noting{n.Handler.WithAttrs(attrs), n.log}
}

// WithGroup returns a handler that notes, too.
func (n noting) WithGroup(name string) slog.Handler { return noting{n.Handler.WithGroup(name), n.log} }
