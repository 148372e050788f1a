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
// [Loop.Stop] and Async.Send. A [Group] runs several loops, one goroutine each.
//
// Package handles describes the handles, package server builds servers from
// them, and package uv holds the errors. Programs that want blocking, goroutine
// per connection code do not need this package.
package uvgo
