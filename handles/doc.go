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
// [Async.Send] and [ResetTTYMode] alone may be called from any goroutine.
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
