// Package requests holds what finishes once. The call that starts a request makes it, and
// the request completes exactly once, with success or an error:
//
//   - [GetAddrInfo] and [GetNameInfo] ask the system's resolver.
//   - [StartWork] runs a function on a goroutine and completes on the loop.
//   - [StartRandom] fills a buffer; [FillRandom] does so at once.
//   - [FSOpen] to [FSClosedir] work on files; package uvfs has them for goroutines.
//
// All are called on the goroutine that runs the loop, and their callbacks run there. On
// another goroutine they answer [uv.ErrNotOwner]: on amd64 and arm64 always, elsewhere in
// debug mode (uvgo.WithDebug). Functions whose names end in Context are for all other
// goroutines: they wait for the result while the loop runs. Cancel cancels what no thread
// has begun.
//
// The requests of streams and datagrams, such as writes, are started by package handles.
package requests
