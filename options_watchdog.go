package uvgo

import (
	"fmt"
	"os"
	"time"

	"github.com/uvgo/uvgo/uv"
)

// watchdogEnv is the environment variable by which whoever runs a program sets all its watchdogs.
const watchdogEnv = "UVGO_WATCHDOG"

// watchdogDefault is for how long a callback may hold its loop up.
const watchdogDefault = 100 * time.Millisecond

// WithWatchdog sets how long a callback may hold the loop up before the loop reports it: while it still runs, with the stack of its
// goroutine, once for each place in the program. The default is 100 ms, and 0 turns the watchdog off. The environment variable
// UVGO_WATCHDOG has the last word: a duration, or off. What counts is for how long a thread beside the loops has seen the same
// callback: not the time in which the process was stopped. A callback without which the loop goes on,
// as in [Loop.Block], does not hold it up. 1 ms or more, or 0; otherwise EINVAL. No libuv counterpart.
func WithWatchdog(d time.Duration) Option {
	return func(c *config) error {
		if d != 0 && d < time.Millisecond {
			return uv.Fail("watchdog option", uv.EINVAL)
		}
		c.watchdog, c.hasWatchdog = d, true
		return nil
	}
}

// WithStuckCallbackHook makes the watchdog call fn with every callback that it logs, behind the log: to show it, for example. fn runs on a
// goroutine of the watchdog's, while the callback may still run, so it must not wait for the loop; and it must be quick, because
// no other callback is reported meanwhile. A panic of fn is logged. EINVAL for nil. No libuv counterpart.
func WithStuckCallbackHook(fn func(uv.StuckCallback)) Option {
	return func(c *config) error {
		if fn == nil {
			return uv.Fail("stuck callback hook option", uv.EINVAL)
		}
		c.core.StuckHook = fn
		return nil
	}
}

// setWatchdog decides what the loop's watchdog is, once all options are known.
func (c *config) setWatchdog() error {
	switch env := os.Getenv(watchdogEnv); {
	case env == "off" || env == "0":
		c.core.Watchdog = 0
	case env != "":
		d, err := time.ParseDuration(env)
		if err != nil || d < time.Millisecond {
			return fmt.Errorf("uvgo: environment variable %s is %q: set it to a duration of 1ms or more, such as 250ms, or to off: %w", watchdogEnv, env,
				uv.Fail("watchdog option", uv.EINVAL))
		}
		c.core.Watchdog = d
	case c.hasWatchdog:
		c.core.Watchdog = c.watchdog
	default:
		c.core.Watchdog = watchdogDefault
	}
	return nil
}
