// Package uvfs is libuv's file operations for goroutines: calls that wait, take
// a context, and may be made from anywhere. Names and errors follow package os;
// a [Tree] is an [io/fs.FS].
//
// Programs whose work is done in a loop's callbacks use package requests, whose
// functions call back. Programs that use goroutines alone and need neither a
// loop nor a context are served by package os, which is faster: here each call
// goes through a loop and a thread of libuv's pool.
//
// An [FS] stands on a loop. [New] makes one with a loop of its own, [On] uses a
// loop that somebody else runs; calls wait until it does. In a callback of any
// loop calls fail with [uv.ErrInCallback].
//
// When the context of a call ends, the call returns at once, with the context's
// error. An operation that no thread has begun is taken back. One that runs goes
// on by itself, with memory of its own: a buffer that was passed is never
// touched after the return, and a descriptor that arrives late is closed. What
// such an operation changes, it may still change.
package uvfs
