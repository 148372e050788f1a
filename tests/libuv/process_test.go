package libuv

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
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"spawn_fails":      kit.PerLoop(testSpawnFails),
		"spawn_exit_code":  kit.PerLoop(testSpawnExitCode),
		"spawn_stdin":      kit.PerLoop(testSpawnStdin),
		"spawn_auto_unref": kit.PerLoop(testSpawnAutoUnref),
		"process_ref":      kit.PerLoop(testProcessRef),
	})
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
	if looptest.TurnOnce(t, l) || l.Alive() {
		t.Error("a failed spawn keeps the loop alive")
	}
}

func testSpawnExitCode(t *testing.T, l *uvgo.Loop) {
	var e kit.Exit
	var order kit.Journal
	var p *handles.Process
	p = uvtest.Must(l.Spawn(kit.Shell("exit 1"), func(status int, sig syscall.Signal) {
		e.Note(status, sig)
		order.Add("exit")
		p.Close()
	}))
	p.OnClose(order.Note("close"))
	looptest.Run(t, l)
	e.Want(t, 1, 0)
	order.Want(t, "exit", "close")
}

func testSpawnStdin(t *testing.T, l *uvgo.Loop) {
	const message = "hello-from-spawn_stdin"
	var e kit.Exit
	p := uvtest.Must(l.Spawn(handles.ProcessOptions{
		File:  "cat",
		Stdio: []handles.Stdio{handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites)},
	}, e.Note))
	in, out := p.Stdio(0), p.Stdio(1)
	var got strings.Builder
	var order kit.Journal
	uvtest.Check(t, out.ReadStart(func(b []byte, err error) {
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
	uvtest.Check(t, in.WriteFunc(func(err error) {
		uvtest.Check(t, err)
		order.Add("written")
	}, []byte(message)))
	in.OnClose(order.Note("stdin closed"))
	out.OnClose(order.Note("stdout closed"))
	looptest.Run(t, l)
	e.Want(t, 0, 0)
	order.Want(t, "written", "stdin closed", "stdout closed")
	if got.String() != message {
		t.Errorf("%q came back", &got)
	}
	kit.CloseAndRun(t, l, p)
}

func testSpawnAutoUnref(t *testing.T, l *uvgo.Loop) {
	var e kit.Exit
	p := uvtest.Must(l.Spawn(kit.Shell("exit 0"), e.Note))
	if !p.Active() || !l.Alive() {
		t.Errorf("active %t, loop alive %t", p.Active(), l.Alive())
	}
	looptest.Run(t, l) // ends without Close
	e.Want(t, 0, 0)
	if p.Active() || p.Closing() || !p.HasRef() || l.Alive() {
		t.Errorf("active %t, closing %t, has ref %t, loop alive %t", p.Active(), p.Closing(), p.HasRef(), l.Alive())
	}
	kit.CloseAndRun(t, l, p)
}

func testProcessRef(t *testing.T, l *uvgo.Loop) {
	ran := uvtest.NewCounter(t, "exit callback", 0)
	opts := kit.Shell("read x", handles.StdioPipe(handles.ChildReads))
	opts.KillOnClose = true
	p := uvtest.Must(l.Spawn(opts, func(int, syscall.Signal) { ran.Inc() }))
	in := p.Stdio(0)
	doesNotHold(t, l, p, ran) // also kills the child: Run ends
	kit.CloseAndRun(t, l, in)

	// Unreferenced, its exit is still delivered while something else runs.
	var e kit.Exit
	p = uvtest.Must(l.Spawn(kit.Shell("exit 2"), func(status int, sig syscall.Signal) {
		e.Note(status, sig)
		l.Stop()
	}))
	p.Unref()
	hour := uvtest.Must(l.AfterFunc(time.Hour, func() { t.Error("the timer ran") }))
	looptest.Run(t, l)
	e.Want(t, 2, 0)
	kit.CloseAndRun(t, l, p, hour)
}
