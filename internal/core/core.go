package core

import (
	"cmp"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/counter"
	"github.com/uvgo/uvgo/uv"
)

// A Config sets up a Core; its zero value works.
type Config struct {
	ReadArena     int                    // bytes lent to reads in one turn
	WriteArena    int                    // bytes of small writes collected in one turn
	ParkOnGo      bool                   // wait on Go's netpoller instead of in libuv
	BusyPoll      time.Duration          // how long a wait looks for events before it sleeps; 0: 50 µs, negative: never
	PanicHandler  func(*uv.PanicError)   // receives what callbacks panic with
	Logger        *slog.Logger           // nil: slog.Default
	Debug         bool                   // creation sites, slow callbacks
	Locked        bool                   // the loop belongs to a thread, and cannot be lent
	Watchdog      time.Duration          // report callbacks that do not return for so long; 0: never
	SlowCallback  time.Duration          // callbacks that take so long are slow; 0: 100 ms. Unless 0 the loop warns of them; in debug mode, too
	SlowHook      func(uv.SlowCallback)  // is told of them
	StuckHook     func(uv.StuckCallback) // is told of what the watchdog logs
	ProfileLabels bool                   // callbacks have labels by the kind of their handle
	Name          string                 // the loop's; see Core.Name
	Number        int                    // among those of the same name, counted from 1; 0: alone
}

// A Core is the mechanism of one loop. Those who add handles and requests ask Use,
// Check or Owned before they touch it, since nothing else here looks which goroutine
// calls. Methods that any goroutine may call say so. Only New makes one that works: the
// zero Core counts as closed.
type Core struct {
	ring *cuv.Loop
	cfg  Config
	name string

	slots   slots    // who gets the events of a handle or request
	phases  phases   // idle and prepare callbacks
	turn    turn     // how far a run has come
	batch   batch    // what a turn delivers
	baton   baton    // which goroutine runs the callbacks
	lend    lend     // Lend's state
	kept    keeping  // events that wait for callbacks that block
	task    any      // see Task
	place   int      // see running
	posts   posts    // functions from other goroutines
	waking  waking   // how they end the loop's wait
	park    park     // the wait on Go's netpoller
	busy    busyPoll // the look before a wait
	sched   sched    // when other goroutines had their turn
	life    life     // runs, ends, is closed
	owner   owner    // whose goroutine may use it
	debug   debug    // what debug mode knows
	meter   meter    // what Stats tells
	profile profile  // labels and regions
	final   final    // what it tells once the loop is closed
}

// life is what the loop is asked to be, and is.
type life struct {
	stop    atomic.Bool // Stop was called
	cancel  atomic.Bool // Interrupt was called
	running atomic.Bool // a goroutine runs the loop
	closed  atomic.Bool
	goexit  bool // a callback has called runtime.Goexit on a guest's goroutine
	held    int  // calls of Hold without Drop
	waits   bool // held for callbacks that block
	adopted bool // a host runs the loop
}

// OpenLoops returns how many loops of the process have not been closed, those made for C
// included. Tests look for leaks with it.
func OpenLoops() int { return cuv.OpenLoops() }

// New makes the mechanism of a loop. C function uv_loop_init.
//
// https://docs.libuv.org/en/v1.x/loop.html
func New(cfg Config) (*Core, error) {
	if cfg.ReadArena == 0 {
		cfg.ReadArena = 16 << 20
	}
	if cfg.WriteArena == 0 {
		cfg.WriteArena = 256 << 10
	}
	warn := cfg.Debug || cfg.SlowCallback != 0 && cfg.SlowHook == nil
	if cfg.SlowCallback == 0 {
		cfg.SlowCallback = 100 * time.Millisecond
	}
	ring, rc := cuv.NewLoop(cfg.ReadArena, cfg.WriteArena, 4096)
	if err := MadeLoop(rc); err != nil {
		return nil, err
	}
	c := &Core{ring: ring, cfg: cfg, name: nameOf(&cfg), debug: debug{warn: warn}, busy: newBusyPoll(cfg.BusyPoll)}
	c.phases.round = 1
	c.profile.turn, c.profile.wait = "uvgo turn "+c.name, "uvgo wait "+c.name
	c.meter.slow = uint64(cfg.SlowCallback)
	c.meter.began, c.meter.asleep = counter.At(ring.Began()), &watchdog.never
	if cfg.Watchdog > 0 {
		c.watch()
	}
	c.park.extra = 1 // NewLoop runs libuv once
	if cfg.ParkOnGo {
		if err := c.openPark(); err != nil {
			ring.Close()
			ring.Free()
			return nil, err
		}
	}
	return c, nil
}

// MadeLoop turns libuv's code of making a loop into an error: ErrLibraryShutdown
// for the one that cuv has after ShutdownLibrary. No libuv counterpart.
func MadeLoop(rc int) error {
	if rc == int(uv.ESHUTDOWN) {
		return &uv.OpError{Op: "loop init", Err: uv.ErrLibraryShutdown}
	}
	return uv.Check("loop init", rc)
}

// Ring returns the rings and direct calls of the loop.
func (c *Core) Ring() *cuv.Loop { return c.ring }

// Now returns the loop's cached clock, which stands still while callbacks run and
// after Close; 0 for the zero Core. C function uv_now.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_now
func (c *Core) Now() time.Duration {
	if c == nil || c.ring == nil {
		return 0
	}
	if !c.Owned() {
		c.Complain("loop now")
		return 0
	}
	return c.ring.Now()
}

// Logger returns where the loop reports what no call returns.
func (c *Core) Logger() *slog.Logger { return cmp.Or(c.cfg.Logger, slog.Default()) }

// Closed tells whether Close has succeeded, or there never was a loop.
func (c *Core) Closed() bool { return c == nil || c.ring == nil || c.life.closed.Load() }

// Held returns how many calls of Hold have no Drop yet.
func (c *Core) Held() int { return c.life.held }

// Handles returns how many handles are open.
func (c *Core) Handles() int { return c.slots.handles }

// Hold keeps the loop alive without a handle until Drop is called as often. A
// closed loop ignores both, and so does a goroutine that does not run the loop.
func (c *Core) Hold() { c.hold("loop hold", 1) }

// Drop takes back one Hold.
func (c *Core) Drop() { c.hold("loop drop", -1) }

func (c *Core) hold(op string, n int) {
	if !c.Owned() {
		c.Complain(op)
		return
	}
	if c.life.held+n < 0 {
		return // a Drop without a Hold
	}
	before := c.life.held > 0 || c.life.waits
	c.life.held += n
	c.setHold(before)
}

// holdForBlocked keeps the loop alive for callbacks that block, or no longer. It tells whether
// that is a change.
func (c *Core) holdForBlocked(on bool) bool {
	if on == c.life.waits {
		return false
	}
	before := c.life.held > 0 || c.life.waits
	c.life.waits = on
	c.setHold(before)
	return true
}

// setHold tells C whether the loop is held, if that has changed since before.
func (c *Core) setHold(before bool) {
	if after := c.life.held > 0 || c.life.waits; after != before && !c.Closed() {
		c.ring.Hold(after)
	}
}

// Close closes the loop and releases its memory: EBUSY while handles are open,
// requests are under way or posted functions wait. C function uv_loop_close.
//
// https://docs.libuv.org/en/v1.x/loop.html
func (c *Core) Close() error {
	if c == nil || c.ring == nil {
		return uv.Fail("loop close", uv.EINVAL)
	}
	if c.life.closed.Load() {
		return nil
	}
	if !c.life.running.CompareAndSwap(false, true) {
		return uv.ErrRunning
	}
	if c.life.closed.Load() { // by another goroutine, just now
		c.life.running.Store(false)
		return nil
	}
	c.own()
	err := c.close()
	c.disown()
	c.life.running.Store(false)
	if err != nil {
		c.Wake() // a host that polls the backend descriptor: posts made meanwhile did not wake it
	}
	return err
}

func (c *Core) close() error {
	if c.slots.handles != 0 || c.life.held != 0 || c.waiting() || c.Requests() != 0 {
		return uv.Fail("loop close", uv.EBUSY)
	}
	if !c.posts.shut() {
		return uv.Fail("loop close", uv.EBUSY)
	}
	c.lockOut()
	if rc := c.ring.Close(); rc < 0 {
		c.letIn()
		c.posts.reopen()
		return uv.Check("loop close", rc)
	}
	c.posts.mu.Lock() // Wake and Stats may use the ring now
	c.final.turns, c.final.events, c.final.flushes = c.ring.Stats()
	c.final.stuck = c.ring.Stuck()
	c.meter.began = counter.At(new(uint64))
	c.life.closed.Store(true)
	c.ring.Free()
	c.posts.mu.Unlock()
	if c.park.file != nil {
		c.park.file.Close()
	}
	return nil
}

// final is what is left of C's counts.
type final struct {
	turns, events, flushes uint64
	stuck                  uint64
	idle                   time.Duration // the most that Stats has told
}

// Stats returns a snapshot of the loop's counts, also once it is closed. Any goroutine may
// call it: the lock keeps Close from freeing the ring during the call.
func (c *Core) Stats() (s uv.Stats) {
	if c == nil || c.ring == nil {
		return s
	}
	c.posts.mu.Lock()
	defer c.posts.mu.Unlock()
	if !c.life.closed.Load() {
		s.Turns, s.Events, s.Flushes = c.ring.Stats()
		s.Unsent = c.ring.Unsent()
		s.StuckCallbacks = c.ring.Stuck()
	} else {
		s.Turns, s.Events, s.Flushes = c.final.turns, c.final.events, c.final.flushes
		s.StuckCallbacks = c.final.stuck
	}
	s.Queued = uint64(c.posts.n)
	s.Taken = c.baton.takes.Load()
	c.meter.addTo(&s)
	s.Idle = max(s.Idle, c.final.idle) // a wait under way is estimated
	c.final.idle = s.Idle
	return s
}
