package uvgo

import (
	"runtime"
	"unsafe"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// Adopt makes a loop that lives inside one that a C program runs: loop is a
// *uv_loop_t, and the program's uv_run runs the Go loop's handles too. Call it
// on the thread that runs loop. Run, RunOnce and RunNoWait answer ErrAdopted,
// Stop makes the host's uv_run return, Close and Shutdown take Go's part off
// the host's loop, which the host closes itself after one more turn. Without
// [WithPanicHandler] a callback's panic ends the process. EINVAL for a nil loop
// or ParkGoroutine. See docs/adopt.md. C functions uv_backend_fd and
// uv_poll_start, https://docs.libuv.org/en/v1.x/loop.html#c.uv_backend_fd.
func Adopt(loop unsafe.Pointer, opts ...Option) (*Loop, error) {
	if loop == nil {
		return nil, uv.Check("adopt", int(uv.EINVAL))
	}
	var cfg config
	for _, o := range opts {
		if err := o(&cfg); err != nil {
			return nil, err
		}
	}
	if cfg.core.ParkOnGo {
		return nil, uv.Check("adopt", int(uv.EINVAL))
	}
	core, err := newCore(cfg)
	if err != nil {
		return nil, err
	}
	if err := core.Attach(cuv.HostOf(loop)); err != nil {
		core.Close()
		return nil, err
	}
	l := &Loop{core: core}
	l.leak = runtime.AddCleanup(l, reportLeak, leaked{uv.Caller(), core.Logger()})
	return l, nil
}
