package core

import (
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
)

// A busyPoll decides whether a loop that has nothing to do looks for events for a while
// before it sleeps. To sleep and be woken takes longer than a peer on the same machine
// takes to answer, and costs processor time as well. But a look in vain takes time from
// others. So a loop looks only after a row of waits that were short. Each look in vain
// doubles the length that the row must have, and each other look makes that length an
// eighth shorter. So a loop that looks in vain more than one time in six hardly ever looks.
type busyPoll struct {
	limit time.Duration // how long to look, 0: never
	short int           // short waits in a row
	need  int           // how many of them it takes before a wait looks
	began time.Duration // when the wait under way began, 0: there is none
}

const (
	busyPollLimit = 50 * time.Microsecond // the default
	busyPollShort = 2                     // a wait of up to so many limits counts as short
	busyPollLeast = 8
	busyPollMost  = 1024
)

// newBusyPoll makes one for Config.BusyPoll.
func newBusyPoll(limit time.Duration) busyPoll {
	if limit == 0 {
		limit = busyPollLimit
	}
	return busyPoll{limit: max(limit, 0), need: busyPollLeast}
}

// window returns how long the next wait looks.
func (b *busyPoll) window() time.Duration {
	if b.short < b.need {
		return 0
	}
	return b.limit
}

// note learns how long a wait was, looking included.
func (b *busyPoll) note(waited time.Duration) {
	looked := b.window() != 0
	switch {
	case looked && waited <= b.limit:
		b.need = max(b.need-(b.need+7)/8, busyPollLeast)
	case looked:
		b.short = 0
		b.need = min(b.need*2, busyPollMost)
	case waited <= busyPollShort*b.limit:
		b.short++
	default:
		b.short = 0
	}
}

// again tells whether a wait on Go's netpoller goes on looking. Its first call of a wait
// notes when the wait began.
func (b *busyPoll) again() bool {
	if b.limit == 0 {
		return false
	}
	now := bubble.Monotonic()
	if b.began == 0 {
		b.began = now
	}
	return now-b.began < b.window()
}

// end notes that the wait is over which the first call of again began.
func (b *busyPoll) end() {
	if b.began != 0 {
		b.note(bubble.Monotonic() - b.began)
		b.began = 0
	}
}
