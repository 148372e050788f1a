// Package handles holds libuv's handles: TCP, Pipe, TTY, UDP, Timer, Prepare, Check,
// Idle, Async, Signal, Poll, Process, FSEvent and FSPoll. Each libuv type has a file.
// What all handles share is in handle.go, and what streams share in stream.go.
//
// A handle is made on a loop, by [NewTCP] and its like or by the loop's own
// constructors, and must be closed. Close only starts closing; the function of OnClose
// runs when libuv is done. Using a handle after Close is an error, never a crash:
// errors.Is(err, uv.ErrClosed).
//
// Handles belong to the goroutine that runs their loop: call them from callbacks, from
// functions given to Loop.Post, or while the loop does not run. Any goroutine may call
// [Async.Send], [ResetTTYMode], and the methods whose result never changes (Kind, PID,
// Stdio). While the loop runs, other calls from another goroutine fail with
// [uv.ErrNotOwner]. Those that return no error (Ref, Unref, Active, Buffered …) do
// nothing, return zero, and write a line to the loop's log, the first time for each
// method. On processors other than amd64 and arm64 only debug mode (uvgo.WithDebug)
// finds such calls.
//
// The methods of a handle's zero value fail with EINVAL. A nil pointer panics, as a nil
// *net.TCPConn does.
//
// Callbacks never run inside a call; they run in the loop's next turn.
//
// A pipe made with [IPC] passes handles and descriptors to another process or loop.
// [Pipe.WriteHandle] and [Pipe.WriteFile] send bytes together with a duplicate of a
// descriptor. The duplicate is pending at the other end once those bytes have been
// read, and [Pipe.Accept] and [Pipe.AcceptFile] return it. Closing the pipe closes the
// descriptors that are still pending.
//
// Buffers are borrowed (valid until the callback or call returns), lent (held
// by the library until completion) or owned, as each method says.
package handles
