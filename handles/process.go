package handles

import (
	"os"
	"strconv"
	"syscall"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A Process is a child: it is active from Spawn until the child has ended. Then its
// function runs, and the loop may end although the handle is not closed. Children of
// os/exec live beside it; but whoever waits for any child at all (wait4 with -1), or
// for this one, takes the exit away: the function never runs then. C type
// uv_process_t.
//
// https://docs.libuv.org/en/v1.x/process.html
type Process struct {
	handle
	pid   int
	kill  bool // on Close
	stdio []*Pipe
	fn    func(status int, sig syscall.Signal)
}

var _ uv.Handle = (*Process)(nil)

// PID returns the child's number; it stays when the child has ended. C function
// uv_process_get_pid.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_process_get_pid
func (p *Process) PID() int { return p.pid }

// Stdio returns our end of the pipe that [StdioPipe] made for the child's descriptor
// n, nil if that is none. It is a handle of its own, which the caller closes. C type
// uv_stdio_container_t.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_stdio_container_t
func (p *Process) Stdio(n int) *Pipe {
	if n < 0 || n >= len(p.stdio) {
		return nil
	}
	return p.stdio[n]
}

// Kill sends the child a signal; 0 only asks whether it could. ESRCH once the child
// has been reaped, EINVAL for what is no signal of the system, EPERM if the child has
// become another user. C function uv_process_kill.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_process_kill
func (p *Process) Kill(sig os.Signal) error {
	if err := p.use("process kill"); err != nil {
		return err
	}
	n, ok := number(sig)
	if !ok {
		return uv.FailAddr("process kill", strconv.Itoa(p.pid), uv.EINVAL)
	}
	return uv.CheckAddr("process kill", strconv.Itoa(p.pid), p.c.ProcessKill(int(n)))
}

// number returns a signal's number, unless C cannot represent it.
func number(sig os.Signal) (syscall.Signal, bool) {
	n, ok := sig.(syscall.Signal)
	return n, ok && int(int32(n)) == int(n)
}

// Kill sends a process a signal, as kill(2): 0 only asks whether it could, a negative
// pid is a process group, such as that of a detached child. ESRCH if there is no such
// process, EPERM if it is another user's, EINVAL for what is no signal or process
// number. Any goroutine may call it. C function uv_kill.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_kill
func Kill(pid int, sig os.Signal) error {
	n, ok := number(sig)
	if !ok || int(int32(pid)) != pid { // cut off, it would be another process, or all of them
		return uv.FailAddr("kill", strconv.Itoa(pid), uv.EINVAL)
	}
	return uv.CheckAddr("kill", strconv.Itoa(pid), cuv.Kill(int32(pid), int(n)))
}

// DisableStdioInheritance marks the descriptors that this process was started with as
// close-on-exec, up to the first gap beyond 15, so that children of os/exec, too, get
// only those that they are given. Best at the start of main. Any goroutine may call
// it. C function uv_disable_stdio_inheritance.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_disable_stdio_inheritance
func DisableStdioInheritance() { cuv.DisableStdioInheritance() }

// Close starts closing the handle; its function runs no more. With KillOnClose a child
// that still runs gets SIGKILL, and the handle is closed when it has been reaped.
// Without, or if it has become a user whom we may not kill, the child runs on, and is
// reaped in the background when it ends. Pipes to it stay open. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (p *Process) Close() error {
	if again, err := p.closeAgain(); again || err != nil {
		return err
	}
	p.startClose()
	if p.c.ProcessClose(p.kill) {
		reap(p.pid)
	}
	return nil
}

// complete handles the handle's events. C type uv_exit_cb.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_exit_cb
func (p *Process) complete(ev *cuv.Event) {
	switch ev.Kind {
	case cuv.EvExit:
		p.clear(active)
		fn := p.fn
		p.fn = nil
		if fn != nil {
			fn(ev.ExitStatus(), syscall.Signal(ev.Signal()))
		}
	case cuv.EvClose:
		p.fn = nil
		p.finish()
	}
}
