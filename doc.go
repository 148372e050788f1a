// Package uvgo is libuv for Go: an event loop on libuv that crosses from Go
// into C once a turn.
//
// A program makes a [Loop], creates handles on it, and runs it:
//
//	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
//		_, err := l.AfterFunc(time.Second, func() { fmt.Println("a second later") })
//		return err
//	})
//
// A loop and its handles belong to the goroutine in Run: callbacks run there,
// one after another, and need no locks. From other goroutines use [Loop.Post],
// [Loop.Stop] and Async.Send. What else another goroutine calls while the loop
// runs is refused with [uv.ErrNotOwner], or logged and left undone where there is
// no error to return: always on amd64 and arm64, elsewhere in debug mode, [WithDebug].
// A loop that does not run is not watched: one goroutine at a time may use it. A
// [Group] runs several loops, one goroutine each.
//
// Package handles describes the handles, package server builds servers from
// them, and package uv holds the errors. Programs that want blocking, goroutine
// per connection code do not need this package.
package uvgo
