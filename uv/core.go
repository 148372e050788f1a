package uv

import (
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/cuv"
)

// A Config sets up a Core; its zero value works.
type Config struct {
	ReadArena    int               // bytes lent to reads in one turn
	WriteArena   int               // bytes of small writes collected in one turn
	ParkOnGo     bool              // wait on Go's netpoller instead of in libuv
	BusyPoll     time.Duration     // how long a wait looks before it sleeps; 0: 50 µs, negative: never
	PanicHandler func(*PanicError) // receives what callbacks panic with
	Logger       *slog.Logger      // nil: slog.Default
	Debug        bool              // creation sites, slow callbacks
	SlowCallback time.Duration     // warn of callbacks that take as long; 0: 100 ms in debug mode, else never
	Clock        func() time.Time  // what callbacks are timed with; nil: time.Now
}

// A Core is the mechanism of one loop, for packages that add handles and requests:
// they ask Use, Check or Owned before they touch it, since nothing else here looks
// which goroutine calls. Methods that any goroutine may call say so. Only NewCore
// makes one that works: the zero Core counts as closed.
type Core struct {
	ring *cuv.Loop
	cfg  Config

	slots   []slot
	free    []uint32
	handles int              // open handles of the user's
	polled  map[uintptr]bool // descriptors that Poll handles were made for

	idle    phases
	prepare phases
	round   uint64 // number of this turn, for handles started inside a phase
	extra   uint64 // runs of libuv beyond one a turn
	yielded uint64 // when the scheduler had its last look, in ms of the clock
	rested  bool   // it had one since
	yields  uint64 // how often the loop gave it one: for tests

	work    work // the batch that is being dispatched
	ready   []Deferred
	batched []func() // run behind every batch

	posts   posts
	wakers  atomic.Int32 // goroutines that are waking the loop, see lockOut
	parked  atomic.Bool  // the loop waits, or is about to
	foreign atomic.Bool  // somebody else may wait for its descriptor
	stop    atomic.Bool
	cancel  atomic.Bool
	running atomic.Bool
	closed  atomic.Bool
	held    int
	adopted bool // a host runs it

	owner      atomic.Uintptr // number of the goroutine that alone may use the loop, 0: any
	claimed    uintptr        // owner while it does not run, see Claim
	complained sync.Map       // what Complain has logged

	timing   bool // callbacks are timed
	slow     map[string]bool
	sites    map[uint32]string  // debug: where handles were created, by slot
	park     *os.File           // goroutine parking: a duplicate of the backend descriptor
	raw      syscall.RawConn    // park's
	look     func(uintptr) bool // the method tryTurn
	deadline time.Time          // of park, as the loop knows it
	force    bool               // the next turn of wait is forced
	turned   uint64             // turns of wait
	idleTime idleTime
	busyPoll busyPoll
}

// OpenLoops returns how many loops of the process have not been closed, those for
// C included: tests
// look for leaks with it.
func OpenLoops() int { return cuv.OpenLoops() }

// NewCore makes the mechanism of a loop. C function uv_loop_init,
// https://docs.libuv.org/en/v1.x/loop.html.
func NewCore(cfg Config) (*Core, error) {
	if cfg.ReadArena == 0 {
		cfg.ReadArena = 16 << 20
	}
	if cfg.WriteArena == 0 {
		cfg.WriteArena = 256 << 10
	}
	timing := cfg.Debug || cfg.SlowCallback != 0
	if cfg.SlowCallback == 0 {
		cfg.SlowCallback = 100 * time.Millisecond
	}
	ring, rc := cuv.NewLoop(cfg.ReadArena, cfg.WriteArena, 4096)
	if err := MadeLoop(rc); err != nil {
		return nil, err
	}
	c := &Core{ring: ring, cfg: cfg, timing: timing, round: 1, extra: 1, busyPoll: newBusyPoll(cfg.BusyPoll)} // NewLoop runs libuv once
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
	if rc == int(ESHUTDOWN) {
		return &OpError{Op: "loop init", Err: ErrLibraryShutdown}
	}
	return Check("loop init", rc)
}

// Ring returns the rings and direct calls of the loop.
func (c *Core) Ring() *cuv.Loop { return c.ring }

// Now returns the loop's cached clock, which stands still while callbacks run and
// after Close; 0 for the zero Core. C function uv_now,
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_now.
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

// Logger returns where the loop reports what nobody asked for.
func (c *Core) Logger() *slog.Logger {
	if c.cfg.Logger != nil {
		return c.cfg.Logger
	}
	return slog.Default()
}

// Closed tells whether Close has succeeded, or there never was a loop.
func (c *Core) Closed() bool { return c == nil || c.ring == nil || c.closed.Load() }

// Handles returns how many handles are open.
func (c *Core) Handles() int { return c.handles }

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
	before := c.held > 0
	if c.held += n; c.held > 0 != before && !c.Closed() {
		c.ring.Hold(!before)
	}
}

// Close closes the loop and releases its memory: EBUSY while handles are open,
// requests are under way or posted functions wait. C function uv_loop_close,
// https://docs.libuv.org/en/v1.x/loop.html.
func (c *Core) Close() error {
	if c == nil || c.ring == nil {
		return Check("loop close", int(EINVAL))
	}
	if c.closed.Load() {
		return nil
	}
	if !c.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	if c.closed.Load() { // by another goroutine, just now
		c.running.Store(false)
		return nil
	}
	c.own()
	err := c.close()
	c.disown()
	c.running.Store(false)
	if err != nil {
		c.Wake() // who polls the backend descriptor: what was posted meanwhile woke nobody
	}
	return err
}

func (c *Core) close() error {
	if c.handles != 0 || c.held != 0 || c.waiting() || c.Requests() != 0 {
		return Check("loop close", int(EBUSY))
	}
	if !c.posts.shut() {
		return Check("loop close", int(EBUSY))
	}
	c.lockOut()
	if rc := c.ring.Close(); rc < 0 {
		c.letIn()
		c.posts.reopen()
		return Check("loop close", rc)
	}
	c.posts.mu.Lock() // Wake and Stats may be looking
	c.closed.Store(true)
	c.ring.Free()
	c.posts.mu.Unlock()
	if c.park != nil {
		c.park.Close()
	}
	return nil
}

// Stats counts what a loop has done.
type Stats struct {
	Turns   uint64 // crossings that ran libuv
	Events  uint64 // events that they brought
	Flushes uint64 // crossings that only handed over operations early
}

// Stats returns the loop's counts so far; zero after Close. Any goroutine may
// call it: the lock keeps Close from freeing the ring meanwhile.
func (c *Core) Stats() (s Stats) {
	if c.Closed() {
		return s
	}
	c.posts.mu.Lock()
	defer c.posts.mu.Unlock()
	if !c.closed.Load() {
		s.Turns, s.Events, s.Flushes = c.ring.Stats()
	}
	return s
}
