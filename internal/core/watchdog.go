package core

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
)

// The watchdog looks at the loops that run, and reports a callback that does not return. One goroutine looks at all of them. It
// ends when nothing has happened on any loop for a while. A loop that comes back from C then starts another one, so a process that
// does nothing is not woken.
//
// A callback is known by when it began, which the loop writes down anyway. It is stuck when many looks have seen the same
// one. So time in which the process was stopped (SIGSTOP, a debugger, a laptop that sleeps) does not count, because nobody
// looked meanwhile.
var watchdog struct {
	looks sync.Mutex
	on    atomic.Bool // a goroutine looks, or is about to
	stuck sync.Map    // how often a callback was stuck, an *atomic.Uint64, by the place
}

const (
	watchdogTick   = 25 * time.Millisecond // how long the goroutine sleeps between looks, at most
	watchdogQuiet  = 4                     // looks without any callback after which it ends
	watchdogRarely = 10                    // it spends at most one part in so many on taking stacks
)

// dog is what the watchdog knows about a loop. It belongs to the watchdog, but for count.
type dog struct {
	limit    time.Duration // how long a callback may run; 0: the watchdog does not look
	seen     uint64        // when the callback began that it saw last
	looked   time.Duration // when it looked last
	held     time.Duration // for how long it has seen that one
	reported bool
	count    atomic.Uint64 // callbacks that were stuck
}

// wakeWatchdog makes the watchdog look, if it does not.
func (c *Core) wakeWatchdog() {
	if c.dog.limit > 0 && watchdog.on.CompareAndSwap(false, true) {
		bubble.Go(watchCallbacks)
	}
}

// watchCallbacks is the watchdog's goroutine.
func watchCallbacks() {
	var (
		rest  time.Duration // until then no stack is taken
		quiet = 0
		tick  = time.Millisecond
	)
	for {
		time.Sleep(tick)
		now := bubble.Monotonic()
		stuck, next, active := lookAtCallbacks(now, 2*tick)
		tick = next
		if len(stuck) > 0 && now >= rest {
			reportStuck(stuck)
			done := bubble.Monotonic()
			rest = done + watchdogRarely*(done-now)
		}
		if active {
			if quiet >= watchdogQuiet && !watchdog.on.CompareAndSwap(false, true) {
				return // a loop has started another one
			}
			quiet = 0
			continue
		}
		// A loop may begin a callback just now, and see a watchdog that is about to end: no barrier orders the two. So the
		// watchdog says first that it ends, and looks once more after a while.
		switch quiet++; {
		case quiet == watchdogQuiet:
			watchdog.on.Store(false)
		case quiet > watchdogQuiet:
			return
		}
	}
}

// lookAtCallbacks looks at all loops that run. A look counts for no more time than most. It returns those with a callback to report, how long to sleep, and whether any loop
// has run a callback since the last look.
func lookAtCallbacks(now, most time.Duration) (stuck []*Core, tick time.Duration, active bool) {
	watchdog.looks.Lock() // one that ends may look for the last time
	defer watchdog.looks.Unlock()
	running.RLock()
	defer running.RUnlock()
	tick = watchdogTick
	for _, c := range running.loops {
		d := &c.dog
		if d.limit <= 0 {
			continue
		}
		tick = max(min(tick, d.limit/4), time.Millisecond)
		since := min(now-d.looked, most)
		d.looked = now
		began := c.meter.began.Load()
		if began != 0 || d.seen != 0 {
			active = true
		}
		if began != d.seen {
			d.seen, d.held, d.reported = began, min(since, now-time.Duration(began)), false
			continue
		}
		if began == 0 {
			continue
		}
		if d.held += since; d.held >= d.limit && !d.reported {
			stuck = append(stuck, c)
		}
	}
	return stuck, tick, active
}

// reportStuck logs callbacks that are stuck, each with its stack, and once for each place.
func reportStuck(loops []*Core) {
	stacks := callbackStacks(loops)
	for i, c := range loops {
		d := &c.dog
		watchdog.looks.Lock()
		same := !d.reported && c.meter.began.Load() == d.seen // else it has returned: the stack may be another's
		d.reported = d.reported || same
		held := d.held
		watchdog.looks.Unlock()
		if !same {
			continue
		}
		d.count.Add(1)
		s := stacks[i]
		seen, _ := watchdog.stuck.LoadOrStore(s.site(), new(atomic.Uint64))
		if seen.(*atomic.Uint64).Add(1) > 1 {
			continue
		}
		c.Logger().Warn("uvgo: callback is stuck, and holds its loop up", "callback", s.site(), "for", held.Round(time.Millisecond),
			"state", s.state, "stack", s.calls)
	}
}

// ForgetStuck makes the watchdog report places again that it has reported: for tests.
func ForgetStuck() { watchdog.stuck.Clear() }

// A stuckStack is the stack of a callback that is stuck.
type stuckStack struct {
	state string   // of the goroutine, such as "select" or "runnable", "unknown" among very many goroutines
	calls []string // the last first, without those of the loop: "function(file:line)"
}

// site is the place in the function that the loop has called: in that of the program, if it is one.
func (s *stuckStack) site() string {
	for _, call := range slices.Backward(s.calls) {
		if !internalFrame(call) && !strings.HasPrefix(call, "net/http.") { // a mux is not what is stuck
			return call
		}
	}
	if len(s.calls) > 0 {
		return s.calls[len(s.calls)-1]
	}
	return "unknown"
}
