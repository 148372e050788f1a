package core

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/cuv"
)

// idleTime adds up the waits on Go's netpoller, which libuv does not measure.
type idleTime struct {
	on    atomic.Bool
	mu    sync.Mutex
	total time.Duration
	since time.Duration // when the wait under way began, 0: none
}

// begin notes that a wait begins, unless it has begun already.
func (i *idleTime) begin() {
	if i.on.Load() {
		i.mu.Lock()
		if i.since == 0 {
			i.since = cuv.Hrtime()
		}
		i.mu.Unlock()
	}
}

// end adds the wait that begin noted.
func (i *idleTime) end() {
	if i.on.Load() {
		i.mu.Lock()
		if i.since != 0 {
			i.total += cuv.Hrtime() - i.since
			i.since = 0
		}
		i.mu.Unlock()
	}
}

// sum returns the waits so far, with the one under way.
func (i *idleTime) sum() time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.since != 0 {
		return i.total + cuv.Hrtime() - i.since
	}
	return i.total
}
