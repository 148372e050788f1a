package core

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"time"
)

// debug is what debug mode and WithSlowCallback keep.
type debug struct {
	timing bool              // callbacks are timed
	now    func() time.Time  // by this clock
	slow   map[string]bool   // what has been warned of
	sites  map[uint32]string // where handles were created, by slot
}

// Caller returns the file and line of the first caller outside the packages
// that make up uvgo.
func Caller() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	last := ""
	for {
		f, more := frames.Next()
		last = f.File + ":" + strconv.Itoa(f.Line)
		if !more || !internalFrame(f.Function) {
			return last
		}
	}
}

const module = "github.com/uvgo/uvgo"

func internalFrame(fn string) bool {
	rest, ok := bytes.CutPrefix([]byte(fn), []byte(module))
	if !ok {
		return false
	}
	for _, p := range []string{".", "/uv.", "/handles.", "/requests.", "/server.", "/uvnet.", "/uvfs.", "/uvhttp.", "/internal/looptls.", "/internal/core.", "/internal/submit.", "/internal/await."} {
		if bytes.HasPrefix(rest, []byte(p)) {
			return true
		}
	}
	return false
}

// timed runs a callback and warns if it ran too long, once for each name.
func (c *Core) timed(who any, fn func()) {
	now := c.debug.now
	r, start := c.baton.holder, now()
	away := r.away
	defer func() {
		if d := now().Sub(start) - (r.away - away); d >= c.cfg.SlowCallback {
			c.warnSlow(callbackName(who), d)
		}
	}()
	fn()
}

func (c *Core) warnSlow(name string, d time.Duration) {
	if c.debug.slow[name] {
		return
	}
	if c.debug.slow == nil {
		c.debug.slow = make(map[string]bool)
	}
	c.debug.slow[name] = true
	c.Logger().Warn("uvgo: slow callback", "callback", name, "took", d)
}

// callbackName names a callback: a function by itself, a handle by its String.
func callbackName(who any) string {
	if t, ok := who.(HandleTarget); ok {
		who = t.Handle()
	}
	switch v := who.(type) {
	case fmt.Stringer:
		return v.String()
	case func():
		return runtime.FuncForPC(reflect.ValueOf(v).Pointer()).Name()
	case *Phase:
		return runtime.FuncForPC(reflect.ValueOf(v.Fn).Pointer()).Name()
	}
	return fmt.Sprintf("%T", who)
}

// DebugMode tells whether the loop is in debug mode.
func (c *Core) DebugMode() bool { return c != nil && c.cfg.Debug }
