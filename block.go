package uvgo

// Block calls fn, which may wait for anything: a query, a lock, another goroutine, an event of
// this loop. In a callback of the loop, other callbacks run meanwhile, on another goroutine.
// When fn has returned, Block waits until the loop is between two callbacks. Then it returns,
// and the callback goes on as if nothing had happened. But other callbacks have run, so what
// belongs to the loop may have changed: a handle may have been closed.
//
// fn runs on the calling goroutine. It must not use the loop, its handles or its requests, but
// for Post. What was lent to the callback, such as the bytes that it got, stays valid until the
// callback returns. Further events of the same handle wait until then: reads, for example, but
// not the completion of writes. Stop and the end of Run's context take effect when no callback
// blocks. Panics of fn, and runtime.Goexit, are the callback's.
//
// On a goroutine that runs no callback of the loop, Block calls fn and nothing else. So
// Blocks may be nested. EINVAL for a nil fn. A loop that another program runs ([Adopt]) or that
// belongs to a thread ([WithLockedThread]) cannot go on elsewhere: there Block fails with
// ErrInCallback, and fn does not run. See docs/lending.md. No libuv counterpart.
func (l *Loop) Block(fn func()) error { return l.machine().Block("block", fn) }
