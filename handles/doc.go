// Package handles holds what lives on a loop: TCP, Pipe, TTY, UDP, Timer,
// Prepare, Check, Idle, Async, Signal, Poll, Process, FSEvent and FSPoll, one
// file for each libuv type, over handle.go and stream.go.
//
// A handle is made on a loop ([NewTCP], or the loop's own constructors), acts
// until it is stopped, and must be closed. Close only starts closing; OnClose
// tells when libuv is done. Using a handle after Close is an error, never a
// crash: errors.Is(err, uv.ErrClosed).
//
// Handles belong to the goroutine that runs their loop: call them from
// callbacks, from functions given to Loop.Post, or while the loop does not run.
// [Async.Send] and [ResetTTYMode], and what never changes (Kind, PID, Stdio), alone
// may be called from any goroutine. While the loop runs, other calls of another
// goroutine fail with [uv.ErrNotOwner]; those that have no error to return (Ref, Unref,
// Active, Buffered …) do nothing, answer zero and write a line to the loop's
// log, once for each call. That is always so on amd64 and arm64; elsewhere only debug
// mode, uvgo.WithDebug, can tell goroutines apart.
//
// The zero value of a handle answers EINVAL. A nil pointer panics, as that of a
// net.TCPConn does.
//
// Callbacks never run inside a call; they run in the loop's next turn.
//
// A pipe made with [IPC] passes handles and descriptors to another process or
// loop: [Pipe.WriteHandle] and [Pipe.WriteFile] send a duplicate along with bytes;
// at the other end [Pipe.Accept] and [Pipe.AcceptFile] take what is pending when
// those bytes are read. What nobody takes is closed with the pipe.
//
// Buffers are borrowed (valid until the callback or call returns), lent (held
// by the library until completion) or owned, as each method says.
package handles
