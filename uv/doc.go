// Package uv holds libuv's vocabulary in Go terms: error codes and errors, kinds of handles
// and requests, file status, and the interfaces that handles and loops have in common.
//
// Programs meet its errors ([Errno], [Error], [ErrClosed]), its interfaces ([Loop],
// [Handle]), and [PanicError]. They make loops with package uvgo, and handles with package
// handles. Nothing here belongs to a goroutine: values may be used on any.
package uv
