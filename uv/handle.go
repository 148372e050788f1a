package uv

import (
	"context"
	"time"
)

// A Loop is what handles and requests are created on: package uvgo's *Loop, or a type
// that embeds one. With another they are refused: EINVAL.
type Loop interface {
	// Post makes fn run on the loop; any goroutine may call it.
	Post(fn func()) error
	// PostContext is Post of a function that is skipped if ctx has ended by then.
	PostContext(ctx context.Context, fn func()) error
	// Now returns the loop's clock.
	Now() time.Duration
	// Alive tells whether work is left.
	Alive() bool
	// Stop ends Run after the callbacks of this turn; any goroutine may call it.
	Stop()
}

// A Deferred has something to deliver that must not run inside the call that
// asked for it, such as chunks held while reading was stopped. Loop.Defer takes it.
type Deferred interface {
	// Deliver runs on the loop's goroutine in its next turn.
	Deliver()
}

// A Handle is something that lives on a loop until it is closed, as Walk
// yields it.
type Handle interface {
	// Kind tells what the handle is.
	Kind() HandleKind
	// Close starts closing; see package handles.
	Close() error
	// Closing tells whether Close has been called.
	Closing() bool
	// Active tells whether the handle is doing something, in libuv's sense.
	Active() bool
	// Ref makes an active handle keep the loop alive, which is the default.
	Ref()
	// Unref lets Run return although the handle is active.
	Unref()
	// HasRef tells which of the two holds.
	HasRef() bool
}
