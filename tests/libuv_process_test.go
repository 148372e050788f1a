package tests

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"spawn_fails":      onEachLoop(testSpawnFails),
		"spawn_exit_code":  onEachLoop(testSpawnExitCode),
		"spawn_stdin":      onEachLoop(testSpawnStdin),
		"spawn_auto_unref": onEachLoop(testSpawnAutoUnref),
		"process_ref":      onEachLoop(testProcessRef),
	})
}

// shell makes the options for a script with the given descriptors.
func shell(script string, stdio ...handles.Stdio) handles.ProcessOptions {
	return handles.ProcessOptions{File: "/bin/sh", Args: []string{"sh", "-c", script}, Stdio: stdio}
}

// exited collects how a child ended, and how often it did.
type exited struct {
	n, status int
	sig       syscall.Signal
}

func (e *exited) note(status int, sig syscall.Signal) {
	e.n++
	e.status, e.sig = status, sig
}

func (e *exited) want(t testing.TB, status int, sig syscall.Signal) {
	t.Helper()
	if *e != (exited{1, status, sig}) {
		t.Errorf("%d exits, status %d, signal %v; want 1, %d, %v", e.n, e.status, e.sig, status, sig)
	}
}

func testSpawnFails(t *testing.T, l *uvgo.Loop) {
	p, err := l.Spawn(handles.ProcessOptions{File: "program-that-had-better-not-exist"}, func(int, syscall.Signal) {
		t.Error("the exit callback ran")
	})
	var e *uv.Error
	if p != nil || !errors.As(err, &e) || e.Errno != uv.ENOENT || !errors.Is(err, fs.ErrNotExist) ||
		e.Addr != "program-that-had-better-not-exist" {
		t.Errorf("%v, %v", p, err)
	}
	for h := range l.Walk() {
		t.Errorf("a %s handle is left", h.Kind())
	}
	looptest.Run(t, l) // nothing is active: returns
	if turnOnce(t, l) || l.Alive() {
		t.Error("a failed spawn keeps the loop alive")
	}
}

func testSpawnExitCode(t *testing.T, l *uvgo.Loop) {
	var e exited
	var order journal
	var p *handles.Process
	p = must(l.Spawn(shell("exit 1"), func(status int, sig syscall.Signal) {
		e.note(status, sig)
		order.add("exit")
		p.Close()
	}))
	p.OnClose(order.note("close"))
	looptest.Run(t, l)
	e.want(t, 1, 0)
	order.want(t, "exit", "close")
}

func testSpawnStdin(t *testing.T, l *uvgo.Loop) {
	const message = "hello-from-spawn_stdin"
	var e exited
	p := must(l.Spawn(handles.ProcessOptions{
		File:  "cat",
		Stdio: []handles.Stdio{handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites)},
	}, e.note))
	in, out := p.Stdio(0), p.Stdio(1)
	var got strings.Builder
	var order journal
	check(t, out.ReadStart(func(b []byte, err error) {
		got.Write(b)
		if err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			out.Close()
		} else if got.Len() == len(message) {
			in.Close() // the end of the child's input
		}
	}))
	check(t, in.WriteFunc(func(err error) {
		check(t, err)
		order.add("written")
	}, []byte(message)))
	in.OnClose(order.note("stdin closed"))
	out.OnClose(order.note("stdout closed"))
	looptest.Run(t, l)
	e.want(t, 0, 0)
	order.want(t, "written", "stdin closed", "stdout closed")
	if got.String() != message {
		t.Errorf("%q came back", &got)
	}
	closeAndRun(t, l, p)
}

func testSpawnAutoUnref(t *testing.T, l *uvgo.Loop) {
	var e exited
	p := must(l.Spawn(shell("exit 0"), e.note))
	if !p.Active() || !l.Alive() {
		t.Errorf("active %t, loop alive %t", p.Active(), l.Alive())
	}
	looptest.Run(t, l) // ends without Close
	e.want(t, 0, 0)
	if p.Active() || p.Closing() || !p.HasRef() || l.Alive() {
		t.Errorf("active %t, closing %t, has ref %t, loop alive %t", p.Active(), p.Closing(), p.HasRef(), l.Alive())
	}
	closeAndRun(t, l, p)
}

func testProcessRef(t *testing.T, l *uvgo.Loop) {
	ran := uvtest.NewCounter(t, "exit callback", 0)
	opts := shell("read x", handles.StdioPipe(handles.ChildReads))
	opts.KillOnClose = true
	p := must(l.Spawn(opts, func(int, syscall.Signal) { ran.Inc() }))
	in := p.Stdio(0)
	doesNotHold(t, l, p, ran) // also kills the child: Run ends
	closeAndRun(t, l, in)

	// Unreferenced, its exit is still delivered while something else runs.
	var e exited
	p = must(l.Spawn(shell("exit 2"), func(status int, sig syscall.Signal) {
		e.note(status, sig)
		l.Stop()
	}))
	p.Unref()
	hour := must(l.AfterFunc(time.Hour, func() { t.Error("the timer ran") }))
	looptest.Run(t, l)
	e.want(t, 2, 0)
	closeAndRun(t, l, p, hour)
}
