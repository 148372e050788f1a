// Package uv holds libuv's vocabulary in Go terms: error codes, handle kinds,
// and the Core that every loop turns on.
//
// Programs meet its errors ([Errno], [Error], [ErrClosed]), its interfaces
// ([Loop], [Handle]) and [PanicError]. The rest is for the packages that build
// handles and requests: Core keeps the slot table that maps C's integer ids to
// Go objects, dispatches a turn's events, queues what other goroutines post,
// and checks who owns a loop. A program uses package uvgo instead.
//
// A Core belongs to the goroutine that runs it. Post, Stop, Interrupt and Wake
// may be called from any goroutine. [Core.Check] and [Core.Owned] tell whether the
// caller is that goroutine: always on amd64 and arm64, elsewhere in debug mode
// (uvgo.WithDebug).
package uv
