// Package uvfs does libuv's file operations for goroutines: calls that wait for their
// result, take a context, and may be made from any goroutine. Names, results and errors are
// those of package os, except where docs/uvfs.md says otherwise; a [Tree] is an [io/fs.FS].
//
// Programs whose work is done in a loop's callbacks use package requests, whose
// functions call back. Programs that use goroutines alone and need neither a
// loop nor a context use package os, which is faster: here each call
// goes through a loop and a thread of libuv's pool.
//
// An [FS] stands on a loop. [New] makes one with a loop of its own. [On] uses a
// loop that the program runs; calls wait until it runs. In a callback of any loop a call
// lends that loop while it waits, as [uvgo.Loop.Block] does. If that loop cannot be lent,
// calls fail with [uv.ErrInCallback].
//
// When the context of a call ends, the call returns at once, with the context's
// error. An operation that no thread has begun is cancelled. One that runs goes
// on by itself, with memory of its own: a buffer that was passed is never
// touched after the return, and a descriptor that arrives late is closed. Its effect on
// the disk may still happen.
package uvfs
