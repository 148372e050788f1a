package handles_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// sh returns the options that run a shell script.
func sh(script string, stdio ...handles.Stdio) handles.ProcessOptions {
	return handles.ProcessOptions{File: "/bin/sh", Args: []string{"sh", "-c", script}, Stdio: stdio}
}

// readAll collects what a stream brings until its end, and closes it.
func readAll(t testing.TB, s handles.Stream) *strings.Builder {
	t.Helper()
	var all strings.Builder
	uvtest.Check(t, s.ReadStart(func(p []byte, err error) {
		all.Write(p)
		if err != nil {
			if err != io.EOF {
				t.Errorf("read: %v", err)
			}
			s.Close()
		}
	}))
	return &all
}

// output runs a child to its end and returns its standard output.
func output(t testing.TB, l *uvgo.Loop, opts handles.ProcessOptions) (out string, status int, sig syscall.Signal) {
	t.Helper()
	for len(opts.Stdio) < 2 {
		opts.Stdio = append(opts.Stdio, handles.Stdio{})
	}
	opts.Stdio[1] = handles.StdioPipe(handles.ChildWrites)
	var p *handles.Process
	p, err := l.Spawn(opts, func(st int, s syscall.Signal) {
		status, sig = st, s
		p.Close()
	})
	uvtest.Check(t, err)
	text, closed := readAll(t, p.Stdio(1)), 0
	p.OnClose(func() { closed++ })
	p.Stdio(1).OnClose(func() { closed++ })
	looptest.Until(t, l, func() bool { return closed == 2 })
	return text.String(), status, sig
}

// zombie tells whether a child has ended and has not been reaped.
func zombie(pid int) bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && info.Signo != 0
}

func TestProcessExit(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		for _, tt := range []struct {
			script string
			status int
			sig    syscall.Signal
		}{{"exit 0", 0, 0}, {"exit 255", 255, 0}, {"kill -TERM $$", 0, syscall.SIGTERM}, {"kill -KILL $$", 0, syscall.SIGKILL}} {
			exits := uvtest.NewCounter(t, tt.script, 1)
			p, err := l.Spawn(sh(tt.script), func(status int, sig syscall.Signal) {
				exits.Inc()
				if status != tt.status || sig != tt.sig {
					t.Errorf("%s: status %d, signal %v", tt.script, status, sig)
				}
			})
			uvtest.Check(t, err)
			if !p.Active() || p.Kind() != uv.KindProcess || p.PID() <= 0 {
				t.Errorf("active %t, kind %s, pid %d", p.Active(), p.Kind(), p.PID())
			}
			uvtest.Check(t, l.Run(t.Context())) // ends without Close
			if p.Active() || zombie(p.PID()) {
				t.Errorf("active %t, zombie %t after the exit", p.Active(), zombie(p.PID()))
			}
			uvtest.IsErr(t, "kill of a child that is gone", p.Kill(syscall.SIGKILL), syscall.ESRCH)
			uvtest.Check(t, p.Close())
			uvtest.Check(t, p.Close())
			uvtest.IsErr(t, "kill after Close", p.Kill(syscall.SIGKILL), uv.ErrClosed)
		}
	})
}

func TestProcessKill(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		var got syscall.Signal
		p, err := l.Spawn(sh("read x", handles.StdioPipe(handles.ChildReads)), func(_ int, sig syscall.Signal) { got = sig })
		uvtest.Check(t, err)
		defer uvtest.CloseAll(t, p, p.Stdio(0))
		uvtest.Check(t, p.Kill(syscall.Signal(0)))
		uvtest.Check(t, handles.Kill(p.PID(), syscall.Signal(0)))
		uvtest.IsErr(t, "no signal", p.Kill(syscall.Signal(999)), syscall.EINVAL)
		uvtest.IsErr(t, "nil signal", p.Kill(nil), uv.EINVAL)
		uvtest.IsErr(t, "nil signal", handles.Kill(p.PID(), nil), uv.EINVAL)
		uvtest.IsErr(t, "a pid that would be cut to -1", handles.Kill(1<<32-1, syscall.Signal(0)), uv.EINVAL)
		uvtest.IsErr(t, "no process", handles.Kill(1<<30, syscall.Signal(0)), syscall.ESRCH)
		uvtest.Check(t, p.Kill(os.Kill))
		uvtest.Check(t, l.Run(t.Context()))
		if got != syscall.SIGKILL {
			t.Errorf("ended by %v", got)
		}
	})
}

// A signal must not be sent to a child that C has reaped, even if Go has not seen the
// exit yet: another process may have the same ID by now.
func TestProcessKillBetweenReapAndExit(t *testing.T) {
	l := looptest.New(t)
	var ps [2]*handles.Process
	exits := 0
	for i := range ps {
		ps[i] = uvtest.Must(l.Spawn(sh("exit 0"), func(int, syscall.Signal) {
			if exits++; exits == 1 {
				other := ps[1-i]
				if !other.Active() || zombie(other.PID()) {
					t.Errorf("active %t, zombie %t", other.Active(), zombie(other.PID()))
				}
				uvtest.IsErr(t, "kill", other.Kill(syscall.SIGTERM), syscall.ESRCH)
				// Had the kernel been asked, it would have said EINVAL.
				uvtest.IsErr(t, "kill with no signal", other.Kill(syscall.Signal(999)), syscall.ESRCH)
			}
		}))
	}
	looptest.Poll(t, looptest.New(t), func() bool { return zombie(ps[0].PID()) && zombie(ps[1].PID()) })
	uvtest.Check(t, l.Run(t.Context()))
	if exits != 2 {
		t.Errorf("%d exits", exits)
	}
	uvtest.CloseAll(t, ps[0], ps[1])
}

func TestProcessCloseLetsTheChildRunOn(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		p, err := l.Spawn(sh("read x", handles.StdioPipe(handles.ChildReads)), func(int, syscall.Signal) { t.Error("exit callback after Close") })
		uvtest.Check(t, err)
		in, pid := p.Stdio(0), p.PID()
		uvtest.Check(t, p.Close())
		uvtest.Check(t, l.Run(t.Context()))
		uvtest.Check(t, handles.Kill(pid, syscall.Signal(0))) // it lives
		uvtest.CloseAll(t, in)
		uvtest.Check(t, l.Run(t.Context()))
		looptest.Poll(t, l, func() bool { return errors.Is(handles.Kill(pid, syscall.Signal(0)), syscall.ESRCH) }) // reaped
	})
}

func TestProcessKillOnClose(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		opts := sh("read x", handles.StdioPipe(handles.ChildReads))
		opts.KillOnClose = true
		p, err := l.Spawn(opts, func(int, syscall.Signal) { t.Error("exit callback after Close") })
		uvtest.Check(t, err)
		in, pid, closed := p.Stdio(0), p.PID(), uvtest.NewCounter(t, "close callback", 1)
		p.Unref()
		p.OnClose(func() {
			closed.Inc()
			uvtest.IsErr(t, "the child in the close callback", handles.Kill(pid, syscall.Signal(0)), syscall.ESRCH)
		})
		uvtest.Check(t, p.Close())
		uvtest.Check(t, p.Close())
		if !p.Closing() || p.Active() {
			t.Errorf("closing %t, active %t", p.Closing(), p.Active())
		}
		uvtest.IsErr(t, "closing the loop", l.Close(), uv.EBUSY)
		uvtest.Check(t, l.Run(t.Context())) // waits, although the handle was unreferenced
		if closed.N() != 1 {
			t.Error("Run did not wait for the close callback")
		}
		uvtest.CloseAll(t, in)

		// A child that has ended by itself.
		opts = sh("exit 1")
		opts.KillOnClose = true
		p, err = l.Spawn(opts, func(int, syscall.Signal) { t.Error("exit callback after Close") })
		uvtest.Check(t, err)
		looptest.Poll(t, looptest.New(t), func() bool { return zombie(p.PID()) })
		uvtest.Check(t, p.Close())
		uvtest.Check(t, l.Run(t.Context()))
		uvtest.IsErr(t, "the child", handles.Kill(p.PID(), syscall.Signal(0)), syscall.ESRCH)
	})
}

// Shutdown closes every handle, which kills children with KillOnClose.
func TestProcessShutdownKillsAndReaps(t *testing.T) {
	l := uvtest.Must(uvgo.New())
	var pids []int
	for range 10 {
		opts := sh("read x", handles.StdioPipe(handles.ChildReads))
		opts.KillOnClose = true
		pids = append(pids, uvtest.Must(l.Spawn(opts, nil)).PID())
	}
	uvtest.Check(t, l.Shutdown(t.Context()))
	for _, pid := range pids {
		uvtest.IsErr(t, "the child", handles.Kill(pid, syscall.Signal(0)), syscall.ESRCH)
	}
}

func TestProcessWithoutCallback(t *testing.T) {
	l := looptest.New(t)
	p := uvtest.Must(l.Spawn(sh("exit 3"), nil))
	uvtest.Check(t, l.Run(t.Context()))
	if p.Active() {
		t.Error("active after the exit")
	}
	uvtest.CloseAll(t, p)
}

// An exit that waits in the batch is not delivered to a handle that was closed
// meanwhile.
func TestProcessCloseInAnotherExit(t *testing.T) {
	l := looptest.New(t)
	var ps [2]*handles.Process
	exits := uvtest.NewCounter(t, "exit callback", 1)
	for i := range ps {
		ps[i] = uvtest.Must(l.Spawn(sh("exit 0"), func(int, syscall.Signal) {
			exits.Inc()
			ps[1-i].Close()
		}))
	}
	looptest.Poll(t, looptest.New(t), func() bool { return zombie(ps[0].PID()) && zombie(ps[1].PID()) })
	uvtest.Check(t, l.Run(t.Context()))
	uvtest.CloseAll(t, ps[0], ps[1])
}

func TestProcessOfOthersIsLeftAlone(t *testing.T) {
	l := looptest.New(t)
	cmd := exec.Command("/bin/sh", "-c", "exit 7")
	uvtest.Check(t, cmd.Start())
	p := uvtest.Must(l.Spawn(sh("exit 0"), nil))
	uvtest.Check(t, l.Run(t.Context()))
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("os/exec: %v", err)
	}
	uvtest.CloseAll(t, p)
}
