package core

import (
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
)

// A busyPoll decides whether a loop that has nothing to do goes on looking for a
// while before it waits. To sleep and be woken takes longer than a peer on the same
// machine takes for its answer, and processor time as well. But looking in vain is time taken from
// others. So a loop looks only after a row of waits that were short. Each time in
// vain doubles how long the row must be, each other makes it an eighth shorter: a
// loop that looks in vain more than one time in six hardly ever looks.
type busyPoll struct {
	limit time.Duration // how long to look, 0: never
	short int           // short waits in a row
	need  int           // how many make looking worth while
	began time.Duration // when the wait under way began, 0: there is none
}

const (
	busyPollLimit = 50 * time.Microsecond // the default
	busyPollShort = 2                     // limits: a wait as short could do without its sleep
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

// again tells whether a wait that Go makes goes on looking; the first time it
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

// end notes that the wait which again has begun is over.
func (b *busyPoll) end() {
	if b.began != 0 {
		b.note(bubble.Monotonic() - b.began)
		b.began = 0
	}
}
