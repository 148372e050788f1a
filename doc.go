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
// [Loop.Stop] and Async.Send. Other calls fail there with [uv.ErrNotOwner] while the loop
// runs. Calls that return no error do nothing, and are logged. On processors other than
// amd64 and arm64 only debug mode ([WithDebug]) finds such calls. While a loop does not run,
// one goroutine at a time may use it. A [Group] runs several loops, one goroutine each.
//
// Package handles describes the handles, package server builds servers from
// them, and package uv holds the errors. Programs that have a goroutine for each
// connection use package uvnet instead.
package uvgo
