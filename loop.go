package uvgo

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"time"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A Loop is an event loop. Its methods belong to the goroutine in Run. While the loop does
// not run, one goroutine at a time may call them. Post, PostContext and Stop may be called
// from any goroutine. Other calls from a wrong goroutine, while the loop runs, fail with
// [uv.ErrNotOwner]. Those that return no error do nothing, and are logged. On processors
// other than amd64 and arm64 only debug mode ([WithDebug]) finds such calls.
//
// New, Adopt, NewGroup and Run make loops. The methods of a zero Loop fail with EINVAL, or
// behave as those of a closed loop. C type uv_loop_t.
//
// https://docs.libuv.org/en/v1.x/loop.html
type Loop struct {
	link  // by which internal/core finds the mechanism of a [uv.Loop]
	core  *core.Core
	lock  bool
	spare bool // see reserveProcessor
	leak  runtime.Cleanup
}

type link = core.Link

var _ uv.Loop = (*Loop)(nil)

// New makes a loop, which must be closed. C function uv_loop_init.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_init
func New(opts ...Option) (*Loop, error) {
	cfg, err := configure(opts)
	if err != nil {
		return nil, err
	}
	cfg.core.Locked = cfg.lock
	c, err := newCore(cfg)
	if err != nil {
		return nil, err
	}
	l := newLoop(c)
	l.lock, l.spare = cfg.lock, !cfg.core.ParkOnGo && cfg.spare
	return l, nil
}

// newLoop makes the loop of a mechanism.
func newLoop(c *core.Core) *Loop {
	l := &Loop{link: core.NewLink(c), core: c}
	l.leak = runtime.AddCleanup(l, reportLeak, leaked{core.Caller(), c.Logger()})
	return l
}

func newCore(cfg config) (*core.Core, error) {
	c, err := core.New(cfg.core)
	if err == nil && cfg.idle {
		if err = c.Configure(uv.MetricsIdleTime); err != nil {
			c.Close()
		}
	}
	return c, err
}

// machine returns the loop's mechanism, nil for no loop.
func (l *Loop) machine() *core.Core {
	if l == nil {
		return nil
	}
	return l.core
}

// Run turns the loop until no work is left, Stop is called, or ctx ends: then it
// returns ctx's error. A callback's panic ends it too, with a [*uv.PanicError]. Run
// may be called again. ErrRunning if the loop runs, ErrClosed after Close, EINVAL for a nil
// ctx. C function uv_run.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_run
func (l *Loop) Run(ctx context.Context) error { return l.run(ctx, false) }

// run is Run; with hold the loop stays alive without work.
func (l *Loop) run(ctx context.Context, hold bool) error {
	if l.machine().Adopted() {
		return &uv.OpError{Op: "run", Err: uv.ErrAdopted}
	}
	if ctx == nil {
		return uv.Fail("run", uv.EINVAL)
	}
	if err := l.begin("run"); err != nil {
		return err
	}
	defer l.end()
	defer l.core.Label(ctx)()
	if hold {
		l.core.Hold()
		defer l.core.Drop()
	}
	if l.core.Stopped() {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.spare {
		defer reserveProcessor()()
	}
	l.core.ClearInterrupt()
	defer l.interruptWith(ctx)()
	if err := l.core.Run(); err != nil {
		return err
	}
	return ctx.Err()
}

// interruptWith makes the end of ctx end the run, until the caller calls release. release
// waits for an interruption under way, which would end the next run otherwise.
func (l *Loop) interruptWith(ctx context.Context) (release func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		l.core.Interrupt()
		close(interrupted)
	})
	return func() {
		if !stop() {
			<-interrupted
		}
	}
}

// RunOnce runs one turn, which waits for an event if there is work but none is ready,
// and tells whether work is left. C function uv_run with UV_RUN_ONCE.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_run
func (l *Loop) RunOnce() (alive bool, err error) { return l.turn("run once", true) }

// RunNoWait runs one turn that never waits, and tells whether work is left. C function
// uv_run with UV_RUN_NOWAIT.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_run
func (l *Loop) RunNoWait() (alive bool, err error) { return l.turn("run no wait", false) }

func (l *Loop) turn(op string, block bool) (bool, error) {
	if l.machine().Adopted() {
		return l.core.Alive(), &uv.OpError{Op: op, Err: uv.ErrAdopted}
	}
	if err := l.begin(op); err != nil {
		return false, err
	}
	defer l.end()
	if l.core.Stopped() {
		return l.core.Alive(), nil
	}
	if !l.core.Alive() {
		l.core.Ring().UpdateTime()
		return false, nil
	}
	l.core.ClearInterrupt()
	block = block && !l.core.Idling() // as uv_run decides before it runs the idle callbacks
	err := l.core.Turn(block, true)
	l.core.Stopped() // forgets a Stop of this turn, which ends here anyway
	return l.core.Alive(), err
}

func (l *Loop) begin(op string) error {
	if err := l.machine().Begin(op); err != nil {
		return err
	}
	if l.lock {
		runtime.LockOSThread()
	}
	return nil
}

func (l *Loop) end() {
	if l.lock {
		runtime.UnlockOSThread()
	}
	l.core.End()
}

// Stop ends Run after the callbacks of this turn; Run may be called again. A Stop
// before Run makes that Run return at once, without a callback. Any goroutine may call
// it. C function uv_stop.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_stop
func (l *Loop) Stop() { l.machine().Stop() }

// Post makes fn run on the loop, in its next turn, in the order of posting. Any
// goroutine may call it. EINVAL for a nil fn, ErrClosed after Close. No libuv
// counterpart; it wakes the loop by uv_async_send when needed.
func (l *Loop) Post(fn func()) error { return l.machine().Post(fn) }

// PostContext is Post of a function that is skipped if ctx has ended by the time its turn
// comes. EINVAL for a nil ctx, too. No libuv counterpart.
func (l *Loop) PostContext(ctx context.Context, fn func()) error {
	return l.machine().PostContext(ctx, fn)
}

// Now returns the loop's clock: monotonic, from an arbitrary origin, and standing
// still while callbacks run and after Close. C function uv_now.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_now
func (l *Loop) Now() time.Duration { return l.machine().Now() }

// UpdateTime refreshes the loop's clock within a long callback; after Close it does
// nothing. C function uv_update_time.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_update_time
func (l *Loop) UpdateTime() {
	if l.mine("loop update time") {
		l.core.Ring().UpdateTime()
	}
}

// mine tells whether there is a loop that the calling goroutine may use; it logs
// the call if it may not.
func (l *Loop) mine(op string) bool {
	c := l.machine()
	if c.Closed() {
		return false
	}
	if !c.Owned() {
		c.Complain(op)
		return false
	}
	return true
}

// Alive tells whether work is left: active referenced handles, requests, or anything
// that waits to be delivered. C function uv_loop_alive.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_alive
func (l *Loop) Alive() bool { return l.machine().Alive() }

// BackendFD returns the descriptor that becomes readable when the loop has something
// to do; embed it in another poll and call RunNoWait. -1 after Close. C function
// uv_backend_fd.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_backend_fd
func (l *Loop) BackendFD() int { return l.machine().BackendFD() }

// BackendTimeout returns how long a turn may wait: 0 if something is due or the loop
// is closed, and false if there is no limit. C function uv_backend_timeout.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_backend_timeout
func (l *Loop) BackendTimeout() (d time.Duration, limited bool) {
	if !l.mine("loop backend timeout") || l.core.Waiting() {
		return 0, true
	}
	ms := l.core.Ring().BackendTimeout()
	if ms < 0 {
		return 0, false
	}
	return time.Duration(ms) * time.Millisecond, true
}

// Walk yields the handles that are open when it begins. C function uv_walk.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_walk
func (l *Loop) Walk() iter.Seq[uv.Handle] {
	if !l.machine().Owned() {
		l.machine().Complain("loop walk")
		return func(func(uv.Handle) bool) {}
	}
	return l.core.Walk
}

// Stats returns a snapshot of what the loop has counted: turns, events, callbacks, lag and more. Metrics
// returns what libuv has counted. Any goroutine may call it, at any time: also while the loop runs, and when it is closed. It
// takes some microseconds.
func (l *Loop) Stats() uv.Stats { return l.machine().Stats() }

// Name returns the loop's name, see [WithName]. Any goroutine may call it, also once the loop is closed. No libuv counterpart.
func (l *Loop) Name() string { return l.machine().Name() }

// Close releases the loop. EBUSY while handles are open, posted functions wait or
// requests are under way; ErrRunning while it runs. A second call does nothing. C
// function uv_loop_close.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_close
func (l *Loop) Close() error {
	if err := l.machine().Close(); err != nil {
		if errors.Is(err, uv.EBUSY) {
			l.reportOpen()
		}
		return err
	}
	l.leak.Stop()
	return nil
}
