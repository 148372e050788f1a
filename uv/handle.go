package uv

// A Loop is what handles and requests are created on. Package uvgo's *Loop is
// the one implementation.
type Loop interface {
	// Core returns the loop's mechanism, for packages that add handles.
	Core() *Core
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
