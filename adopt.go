package uvgo

import (
	"unsafe"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// Adopt makes a loop that lives inside one that a C program runs: loop is a
// *uv_loop_t, and the program's uv_run runs the Go loop's handles too. Call it on the
// thread that runs loop. Run, RunOnce and RunNoWait answer ErrAdopted. Stop makes the
// host's uv_run return. Close and Shutdown remove Go's handles from the host's loop, which
// the host closes after one more turn. Without [WithPanicHandler] a callback's
// panic ends the process. EINVAL for a nil loop or ParkGoroutine. See docs/adopt.md. C
// functions uv_backend_fd and uv_poll_start.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_backend_fd
func Adopt(loop unsafe.Pointer, opts ...Option) (*Loop, error) {
	if loop == nil {
		return nil, uv.Fail("adopt", uv.EINVAL)
	}
	cfg, err := configure(opts)
	if err != nil {
		return nil, err
	}
	if cfg.core.ParkOnGo {
		return nil, uv.Fail("adopt", uv.EINVAL)
	}
	c, err := newCore(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Attach(cuv.HostOf(loop)); err != nil {
		c.Close()
		return nil, err
	}
	l := newLoop(c)
	return l, nil
}

// DefaultCLoop returns libuv's default loop, a *uv_loop_t, for [Adopt]: the one that C
// code in the process runs, or will run, without a loop of its own. The first call
// makes it; uvgo itself never uses it. Any goroutine may call it, but not while C code
// asks libuv for it. ErrLibraryShutdown after [ShutdownLibrary]. C function
// uv_default_loop.
//
// https://docs.libuv.org/en/v1.x/loop.html#c.uv_default_loop
func DefaultCLoop() (unsafe.Pointer, error) {
	p, rc := cuv.DefaultCLoop()
	return p, core.MadeLoop(rc)
}

// NewCLoop makes a *uv_loop_t for C code to run, such as that of a library that takes
// one; [Adopt] puts Go's handles on it. The caller owns it and ends it with
// [DeleteCLoop]. A Go program without C code uses [New]. Any goroutine may call it. ErrLibraryShutdown
// after [ShutdownLibrary]. C function uv_loop_new.
//
// https://docs.libuv.org/en/v1.x/loop.html
func NewCLoop() (unsafe.Pointer, error) {
	p, rc := cuv.NewCLoop()
	return p, core.MadeLoop(rc)
}

// DeleteCLoop closes and frees a loop of [NewCLoop] or [DefaultCLoop], which must not
// be running nor used again, on any goroutine. EINVAL for nil. EBUSY while it has requests,
// or handles, which includes those that another turn would finish closing. C function
// uv_loop_delete.
//
// https://docs.libuv.org/en/v1.x/loop.html
func DeleteCLoop(loop unsafe.Pointer) error {
	if loop == nil {
		return uv.Fail("loop delete", uv.EINVAL)
	}
	return uv.Check("loop delete", cuv.DeleteCLoop(loop))
}
