package core

import (
	"log/slog"
	runtimedebug "runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/uv"
)

// The watchdog is a thread of C's, see cuv/watchdog.c: it looks when the callback that a loop runs began. What it finds it tells
// callbackStuck, which starts a goroutine for the report. So a program has no goroutine for the watchdog as long as no callback is stuck.
var watchdog struct {
	reports atomic.Bool  // a goroutine reports
	rest    atomic.Int64 // until then, by bubble.Monotonic, no stack is taken
	stuck   sync.Map     // how often a callback was stuck, an *atomic.Uint64, by the place
	asleep  *uint32      // not 0 while the thread has to be woken
	never   uint32       // stands for asleep of a loop without a watchdog
	once    sync.Once    // finds asleep
	refused atomic.Bool  // the system had no thread for it, which was logged
}

// watchdogRarely says how little time is spent on stacks: one part in so many.
const watchdogRarely = 100

var _ = func() (none struct{}) { cuv.OnStuck = callbacksStuck; return }()

// watch has the watchdog look at the loop.
func (c *Core) watch() {
	watchdog.once.Do(func() { watchdog.asleep = cuv.WatchdogAsleep() })
	c.meter.asleep = watchdog.asleep
	c.ring.Watch(c.cfg.Watchdog, cuv.Hrtime()-bubble.Monotonic())
}

// awake wakes the watchdog, if that sleeps. Whoever runs callbacks calls it when it has not done so for a while: behind a wait.
func (m *meter) awake() {
	if atomic.LoadUint32(m.asleep) != 0 {
		wakeWatchdog()
	}
}

func wakeWatchdog() {
	if err := cuv.WakeWatchdog(); err != nil && !watchdog.refused.Swap(true) {
		slog.Default().Warn("uvgo: no watchdog: the system has no thread for it", "error", err)
	}
}

// callbacksStuck is called by the watchdog, on a thread of C's. False: another report is being made, or was just now; the watchdog
// is to ask again.
func callbacksStuck(all []cuv.Stuck) bool {
	if int64(bubble.Monotonic()) < watchdog.rest.Load() || !watchdog.reports.CompareAndSwap(false, true) {
		return false
	}
	go reportStuck(all)
	return true
}

// reportStuck logs callbacks that are stuck, each with its stack, and once for each place.
func reportStuck(all []cuv.Stuck) {
	defer watchdog.reports.Store(false)
	began := bubble.Monotonic()
	loops := make([]*Core, 0, len(all))
	all = slices.DeleteFunc(all, func(s cuv.Stuck) bool {
		c := stillStuck(s)
		if c != nil {
			loops = append(loops, c)
		}
		return c == nil
	})
	if len(loops) == 0 {
		return
	}
	stacks := callbackStacks(loops)
	done := bubble.Monotonic()
	watchdog.rest.Store(int64(done + watchdogRarely*(done-began)))
	for i, c := range loops {
		if stillStuck(all[i]) != c { // it has returned: the stack may be another's
			continue
		}
		s := stacks[i]
		if len(s.calls) == 0 { // the loop itself waits for a processor, in no callback
			continue
		}
		seen, _ := watchdog.stuck.LoadOrStore(s.site(), new(atomic.Uint64))
		if seen.(*atomic.Uint64).Add(1) > 1 {
			continue
		}
		c.reportStuck(uv.StuckCallback{Loop: c.Name(), Site: s.site(), Held: all[i].Held.Round(time.Millisecond), State: s.state, Stack: s.calls})
	}
}

// reportStuck logs a callback that is stuck, and tells the hook of it.
func (c *Core) reportStuck(s uv.StuckCallback) {
	c.Logger().Warn("uvgo: callback is stuck, and holds its loop up", "callback", s.Site, "for", s.Held, "loop", s.Loop, "state", s.State, "stack", s.Stack)
	if c.cfg.StuckHook == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			c.Logger().Error("uvgo: the hook of stuck callbacks panicked", "value", v, "stack", string(runtimedebug.Stack()))
		}
	}()
	c.cfg.StuckHook(s)
}

// stillStuck returns the loop of a callback that is stuck, nil if the callback has returned.
func stillStuck(s cuv.Stuck) *Core {
	running.RLock()
	defer running.RUnlock()
	for _, c := range running.loops {
		if c.ring.ID() == s.Loop && c.meter.began.Load() == s.Began {
			return c
		}
	}
	return nil
}

// ForgetStuck makes the watchdog report places again that it has reported: for tests.
func ForgetStuck() {
	watchdog.stuck.Clear()
	watchdog.rest.Store(0)
}

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
