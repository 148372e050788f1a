package observe

import (
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

// Stuck adds a callback that has not returned, for uvgo.WithStuckCallbackHook.
func (s *SlowLog) Stuck(c uv.StuckCallback) {
	s.Add(Slow{At: time.Now(), Loop: c.Loop, Callback: c.Site, Took: c.Held, Stuck: true, Stack: c.Stack})
}
