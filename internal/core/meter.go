package core

import (
	"runtime"
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/counter"
	"github.com/uvgo/uvgo/uv"
)

// A meter counts what the loop does, for Stats and the watchdog. Whoever holds the baton writes, so that no write needs a
// lock; see package counter. It looks at the clock once a callback, at its end, which is the next one's begin, and once a turn.
type meter struct {
	_ [64]byte // what other goroutines write lies in other cache lines

	// began is when the callback that runs began, by monotonic; 0 while the loop is in C, or lets other goroutines run. The
	// watchdog looks for one that stays the same, so it lies in the ring.
	began  counter.Remote
	asleep *uint32         // not 0 while the watchdog has to be woken
	left   counter.Counter // when the loop last left for C, while it is there and runs; else 0
	looked uint64          // when it last came back from there
	parked uint64          // when its goroutine parked, 0: it does not
	waited uint64          // how long it was parked in this turn
	slow   uint64          // a callback that takes so long is slow

	idle                  counter.Counter // nanoseconds
	callback, lag, events counter.Histogram
	lent, blocks, blocked counter.Counter
	slowCallbacks, panics counter.Counter
	slots                 counter.Counter // that are taken
	handles               [uv.HandleKinds]counter.Counter

	_ [64]byte
}

// monotonic is the time since the process began, in nanoseconds, by the real clock also in a bubble of testing/synctest. It is not 0.
func monotonic() uint64 { return uint64(bubble.Monotonic()) | 1 }

// CallbackBegan returns when the callback that runs began, by bubble.Monotonic. It belongs to the loop, and reads no clock.
func (c *Core) CallbackBegan() time.Duration { return time.Duration(c.meter.began.Own()) }

// enter begins a run.
func (m *meter) enter() {
	m.looked = monotonic()
	m.began.Set(m.looked)
	m.awake()
}

// leave ends a run, which was busy since the loop last came back from C.
func (m *meter) leave() {
	m.began.Set(0)
	m.left.Set(0)
	if now := monotonic(); m.looked != 0 && now > m.looked {
		m.lag.Observe(now - m.looked)
	}
	m.looked = 0
}

// depart notes that the loop is about to look for events.
func (m *meter) depart() {
	m.left.Set(m.began.Own())
	m.began.Set(0)
}

// arrive notes that the loop has looked for events, of which there are n, and for how long it has waited meanwhile. A run of
// one turn looks in the middle: the time before and behind that is its lag, which leave observes.
func (m *meter) arrive(n int, waited time.Duration, once bool) {
	now := monotonic()
	m.idle.Add(uint64(waited))
	m.events.Observe(uint64(n))
	if once {
		m.looked += uint64(waited)
	} else {
		m.lag.ObserveDuration(time.Duration(now-m.looked) - waited)
		m.looked = now
	}
	m.began.Set(now)
	m.left.Set(0)
	m.awake()
}

// ran notes that a callback has ended, and returns how long it took. If that is slow or more, slowCallback is next.
func (m *meter) ran() (took uint64) {
	now := monotonic()
	took = now - m.began.Own()
	m.callback.Observe(took)
	m.began.Set(now)
	return took
}

// resume notes that a callback goes on which has run for spent already.
func (m *meter) resume(spent uint64) {
	m.began.Set(monotonic() - spent)
	m.awake()
}

// away notes that nobody runs the callback that runs now, and returns for how long it has run.
func (m *meter) away() (spent uint64) {
	if began := m.began.Own(); began != 0 {
		spent = monotonic() - began
	}
	m.began.Set(0)
	return spent
}

// rest lets other goroutines run, which may take long where they compute: that is no slow callback.
func (m *meter) rest() {
	began := m.began.Own()
	m.began.Set(0)
	runtime.Gosched()
	if began != 0 {
		m.began.Set(began + 1) // for the watchdog another callback
		m.awake()
	}
}

// park notes that the loop's goroutine is about to park, unless it is about to already.
func (m *meter) park() {
	if m.parked == 0 {
		m.parked = monotonic()
	}
}

// unpark notes that the goroutine goes on.
func (m *meter) unpark() {
	if m.parked != 0 {
		m.waited += monotonic() - m.parked
		m.parked = 0
	}
}

// takeWaited returns how long the goroutine was parked since the last call.
func (m *meter) takeWaited() (d time.Duration) {
	d, m.waited = time.Duration(m.waited), 0
	return d
}

// opened notes that a handle of a kind was made.
func (m *meter) opened(kind int) { m.handles[kind%uv.HandleKinds].Inc() }

// closed notes that a handle of a kind is no more.
func (m *meter) closed(kind int) { m.handles[kind%uv.HandleKinds].Dec() }

// addTo adds what was counted to a snapshot. Any goroutine may call it.
func (m *meter) addTo(s *uv.Stats) {
	m.events.AddTo(&s.EventsPerTurn)
	m.callback.AddTo(&s.CallbackTime)
	m.lag.AddTo(&s.Lag)
	s.Idle = time.Duration(m.idle.Load())
	if left := m.left.Load(); left != 0 {
		if now := monotonic(); now > left {
			s.Idle += time.Duration(now - left) // it waits still
		}
	}
	s.Lent, s.Blocks, s.Blocked = m.lent.Load(), m.blocks.Load(), m.blocked.Load()
	s.SlowCallbacks, s.Panics = m.slowCallbacks.Load(), m.panics.Load()
	var open uint64
	for kind := range m.handles {
		s.Handles[kind] = m.handles[kind].Load()
		open += s.Handles[kind]
	}
	s.Requests = m.slots.Load()
	s.Requests -= min(open, s.Requests)
}
