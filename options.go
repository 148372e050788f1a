package uvgo

import (
	"log/slog"
	"time"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// An Option changes how New sets up a loop.
type Option func(*config) error

type config struct {
	core  core.Config
	lock  bool
	spare bool
	idle  bool

	watchdog    time.Duration // what WithWatchdog says
	hasWatchdog bool          // it says anything
}

// configure applies the options; a nil one is EINVAL.
func configure(opts []Option) (cfg config, err error) {
	for _, o := range opts {
		if o == nil {
			return cfg, uv.Fail("option", uv.EINVAL)
		}
		if err := o(&cfg); err != nil {
			return cfg, err
		}
	}
	return cfg, cfg.setWatchdog()
}

// A Parking is a way for a loop to wait for events.
type Parking int

// The ways of waiting.
const (
	// ParkThread blocks a thread in libuv's poll: best when all work is done in
	// callbacks. The default.
	ParkThread Parking = iota
	// ParkGoroutine parks the goroutine on Go's netpoller, where the scheduler
	// can run others on the same thread: best when callbacks ready goroutines.
	ParkGoroutine
)

// WithParking chooses how the loop waits.
func WithParking(p Parking) Option {
	return func(c *config) error {
		if p != ParkThread && p != ParkGoroutine {
			return uv.Fail("parking option", uv.EINVAL)
		}
		c.core.ParkOnGo = p == ParkGoroutine
		return nil
	}
}

// WithBusyPoll sets for how long a loop looks for events before it sleeps, up to 1 ms. The
// default is 50 µs, and with 0 the loop sleeps at once. A loop looks only while its waits
// are that short: when a few peers on the same machine answer as fast as they are asked.
// It then uses all of its processor's time. It answers sooner, because to sleep and be
// woken takes longer than the peer does. After a look in vain the loop waits longer before
// it looks again. A loop that parks in a thread looks on Linux only. No libuv counterpart.
func WithBusyPoll(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 || d > time.Millisecond {
			return uv.Fail("busy poll option", uv.EINVAL)
		}
		c.core.BusyPoll = d
		if d == 0 { // which is the default for the core; d stays, because an option may be used for several loops
			c.core.BusyPoll = -1
		}
		return nil
	}
}

// WithLockedThread runs the loop on a thread of its own (runtime.LockOSThread)
// while Run lasts. libuv does not need it; callbacks that call thread-bound C
// code do.
func WithLockedThread() Option {
	return func(c *config) error {
		c.lock = true
		return nil
	}
}

// WithSpareProc makes Run raise GOMAXPROCS to one more than there are loops that park in a
// thread, if it is lower. Such a loop spends its time in C, where it does not use its Go
// processor. When every processor is in use, Go's monitor thread takes that one away, and
// the loop has to get one back. The option has a price: Go no longer follows changes of the
// cgroup's limit or of the CPU affinity, until [runtime.SetDefaultGOMAXPROCS] is called. It
// does nothing if the environment variable GOMAXPROCS is set. No libuv counterpart.
func WithSpareProc() Option {
	return func(c *config) error {
		c.spare = true
		return nil
	}
}

// WithIdleTime makes the loop add up the time that it waits for events, from its first
// turn on: [Loop.IdleTime]. It costs two looks at the clock a turn. C function
// uv_loop_configure with UV_METRICS_IDLE_TIME.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_configure
func WithIdleTime() Option {
	return func(c *config) error {
		c.idle = true
		return nil
	}
}

// WithPanicHandler makes fn receive what callbacks panic with; the loop then
// goes on with the next callback. Without it a panic ends Run, whose error is
// the [uv.PanicError]. fn runs on the loop's goroutine.
func WithPanicHandler(fn func(*uv.PanicError)) Option {
	return func(c *config) error {
		c.core.PanicHandler = fn
		return nil
	}
}

// WithLogger sets where the loop reports what no call returns, such as calls from a wrong
// goroutine and slow callbacks. The default is slog.Default().
func WithLogger(log *slog.Logger) Option {
	return func(c *config) error {
		c.core.Logger = log
		return nil
	}
}

// WithDebug makes the loop remember by which calls handles were made, report those that Shutdown or Close
// finds open with these calls, and warn of slow callbacks. A handle takes about two microseconds longer to make and 192 bytes more, and a
// callback nothing (BenchmarkDebug). On processors other than amd64 and arm64 it also finds calls from a wrong
// goroutine, which the loop finds on those two without it.
func WithDebug() Option {
	return func(c *config) error {
		c.core.Debug = true
		return nil
	}
}

// WithSlowCallback makes the loop warn of callbacks that take d or longer, once for each. It
// names a function by its name and a handle by its kind. [WithDebug] turns it on with
// 100 ms, and names a handle by the place where it was made, too. It costs nothing: the loop measures callbacks
// anyway, for [Loop.Stats]. Time without the loop, as in [Loop.Block], does not count. With [WithSlowCallbackHook] the loop calls that
// instead.
func WithSlowCallback(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return uv.Fail("slow callback option", uv.EINVAL)
		}
		c.core.SlowCallback = d
		return nil
	}
}

// WithSlowCallbackHook makes the loop call fn for every callback that took as long as [WithSlowCallback] says, or 100 ms: for a
// span of a trace, for example. fn runs on the loop's goroutine, behind the callback and in place of a warning, which debug mode
// logs all the same. So fn must be quick, and its time is no callback's. A panic of fn is logged. EINVAL for nil. No libuv counterpart.
func WithSlowCallbackHook(fn func(uv.SlowCallback)) Option {
	return func(c *config) error {
		if fn == nil {
			return uv.Fail("slow callback hook option", uv.EINVAL)
		}
		c.core.SlowHook = fn
		return nil
	}
}

// WithProfileLabels gives callbacks a label in CPU profiles, by the kind of their handle: uvgo_handle=tcp, and post or request for
// what is no handle's. The goroutine in [Loop.Run] has the label uvgo_loop, the loop's name, without this option. This one sets
// labels for each callback, which allocates nothing. No libuv counterpart.
func WithProfileLabels() Option {
	return func(c *config) error {
		c.core.ProfileLabels = true
		return nil
	}
}

// WithName names the loop, for logs, profiles ([WithProfileLabels]) and [uv.SlowCallback]. Those of a group or server are
// name/0, name/1 and so on, as in package metrics. A loop without a name has a number, which counts the process's loops. EINVAL for
// an empty name. No libuv counterpart.
func WithName(name string) Option {
	return func(c *config) error {
		if name == "" {
			return uv.Fail("name option", uv.EINVAL)
		}
		c.core.Name = name
		return nil
	}
}

// WithNumber tells that the loop is the one with index n among several of the same name: [NewGroup] and package server use it. EINVAL
// for a negative n. No libuv counterpart.
func WithNumber(n int) Option {
	return func(c *config) error {
		if n < 0 {
			return uv.Fail("number option", uv.EINVAL)
		}
		c.core.Number = n + 1
		return nil
	}
}

// WithArenas sets how many bytes a turn may read and how many bytes of small
// writes it collects, 64 KiB to 1 GiB each; the default is 16 MiB and 256 KiB.
// Memory that is never used is never touched, and what a burst of reads needed goes
// back to the system 1,024 turns after it.
func WithArenas(read, write int) Option {
	return func(c *config) error {
		for _, n := range []int{read, write} {
			if n < 64<<10 || n > 1<<30 {
				return uv.Fail("arena option", uv.EINVAL)
			}
		}
		c.core.ReadArena, c.core.WriteArena = read, write
		return nil
	}
}
