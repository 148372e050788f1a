package handles

import (
	"os"
	"strconv"
	"syscall"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A Process is a child process. It is active from Spawn until the child has ended. Then
// the function of Spawn runs, and the handle no longer keeps the loop alive. os/exec
// can be used beside it. But code that waits for any child at all (wait4 with -1), or
// for this one, takes the child's exit status, and the function never runs. C type
// uv_process_t.
//
// https://docs.libuv.org/en/v1.x/process.html
type Process struct {
	handle
	pid         int
	killOnClose bool
	stdio       []*Pipe
	fn          func(status int, sig syscall.Signal)
}

var _ uv.Handle = (*Process)(nil)

// PID returns the child's process ID, also after the child has ended. C function
// uv_process_get_pid.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_process_get_pid
func (p *Process) PID() int { return p.pid }

// Stdio returns this process's end of the pipe that [StdioPipe] made for the child's
// descriptor n, or nil if n is no such pipe. The pipe is a handle of its own, which the
// caller must close. C type uv_stdio_container_t.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_stdio_container_t
func (p *Process) Stdio(n int) *Pipe {
	if n < 0 || n >= len(p.stdio) {
		return nil
	}
	return p.stdio[n]
}

// Kill sends the child a signal. With signal 0 it only checks whether it could. ESRCH
// once the child has been reaped, EINVAL for a signal that the system does not have,
// EPERM if the child runs as another user now. C function uv_process_kill.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_process_kill
func (p *Process) Kill(sig os.Signal) error {
	if err := p.use("process kill"); err != nil {
		return err
	}
	n, ok := signalNumber(sig)
	if !ok {
		return uv.FailAddr("process kill", strconv.Itoa(p.pid), uv.EINVAL)
	}
	return uv.CheckAddr("process kill", strconv.Itoa(p.pid), p.c.ProcessKill(int(n)))
}

// signalNumber returns a signal's number. ok is false if C's int cannot hold it.
func signalNumber(sig os.Signal) (syscall.Signal, bool) {
	n, ok := sig.(syscall.Signal)
	return n, ok && int(int32(n)) == int(n)
}

// Kill sends a process a signal, as kill(2) does. With signal 0 it only checks whether
// it could. A negative pid is a process group, such as that of a detached child. ESRCH
// if there is no such process, EPERM if the process is another user's, EINVAL for a
// signal or a pid that the system cannot have. Any goroutine may call it. C function
// uv_kill.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_kill
func Kill(pid int, sig os.Signal) error {
	n, ok := signalNumber(sig)
	if !ok || int(int32(pid)) != pid { // C's int would hold another pid, perhaps -1 for all processes
		return uv.FailAddr("kill", strconv.Itoa(pid), uv.EINVAL)
	}
	return uv.CheckAddr("kill", strconv.Itoa(pid), cuv.Kill(int32(pid), int(n)))
}

// DisableStdioInheritance marks the descriptors that this process was started with as
// close-on-exec, so that children, those of os/exec included, get only the descriptors
// that they are given. It begins at 0 and stops at the first number above 15 that is
// not open. Call it at the start of main. Any goroutine may call it. C function
// uv_disable_stdio_inheritance.
//
// https://docs.libuv.org/en/v1.x/process.html#c.uv_disable_stdio_inheritance
func DisableStdioInheritance() { cuv.DisableStdioInheritance() }

// Close starts closing the handle. The function of Spawn does not run any more. With
// KillOnClose a child that still runs gets SIGKILL, and the handle is closed when the
// child has been reaped. Without KillOnClose, or if this process may not kill the
// child, the child runs on, and is reaped in the background when it ends. Pipes to the
// child stay open. C function uv_close.
//
// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
func (p *Process) Close() error {
	if again, err := p.closeAgain(); again || err != nil {
		return err
	}
	p.startClose()
	if p.c.ProcessClose(p.killOnClose) { // the child runs on
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
