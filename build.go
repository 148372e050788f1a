package uvgo

import (
	"github.com/uvgo/uvgo/uv"
)

// This file holds what packages that build on loops need, such as server, uvnet and uvfs.

// Hold is for packages that build on loops. It keeps the loop alive without a handle, until
// Drop is called as often. A closed loop ignores both. No libuv counterpart.
func (l *Loop) Hold() {
	if c := l.machine(); c != nil {
		c.Hold()
	}
}

// Drop takes back one Hold. It is for packages that build on loops. Without a Hold it does
// nothing. No libuv counterpart.
func (l *Loop) Drop() {
	if c := l.machine(); c != nil {
		c.Drop()
	}
}

// AfterBatch is for packages that build on loops. It makes fn run after the callbacks of
// every turn from now on, before the operations of those callbacks cross into C. fn must not
// panic. No libuv counterpart.
func (l *Loop) AfterBatch(fn func()) {
	if fn != nil && l.mine("loop after batch") {
		l.core.OnBatch(fn)
	}
}

// Round is for packages that build on loops. It returns the number of the turn under way. A caller that compares it knows whether
// a new turn has begun.
// No libuv counterpart.
func (l *Loop) Round() uint64 {
	if !l.mine("loop round") {
		return 0
	}
	return l.core.Round()
}

// Defer is for packages that build on loops. It makes d deliver in the loop's next turn,
// which then does not wait. Unlike Post it
// takes no lock and allocates nothing, if d is a pointer. No libuv counterpart.
func (l *Loop) Defer(d uv.Deferred) {
	if d != nil && l.mine("loop defer") {
		l.core.Defer(d)
	}
}

// Handles is for packages that build on loops. It returns how many handles are open, active
// or not. No libuv counterpart.
func (l *Loop) Handles() int {
	if !l.mine("loop handles") {
		return 0
	}
	return l.core.Handles()
}

// Yield is for packages that build on loops. It lets other goroutines run, as
// runtime.Gosched does. The loop yields by itself every
// few milliseconds, but not in a turn in which Yield was called. No libuv counterpart.
func (l *Loop) Yield() {
	if l.mine("loop yield") {
		l.core.Rest()
	}
}

// Owned is for packages that build on loops. It tells whether the calling goroutine may use
// the loop: it runs the loop, or nobody does. On processors other than amd64 and arm64 only debug mode looks. Any goroutine
// may call it. No libuv counterpart.
func (l *Loop) Owned() bool { return l.machine().Owned() }
