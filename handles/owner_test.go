package handles_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// anyGoroutines are the methods that any goroutine may call, and those that the loop
// calls.
var anyGoroutines = []string{"Kind", "String", "Base", "PID", "Stdio", "Send", "Complete", "Deliver"}

// inLoop runs fn on another goroutine while a callback of the loop waits for it.
func inLoop(t testing.TB, l *uvgo.Loop, fn func()) {
	t.Helper()
	ran := false
	uvtest.Check(t, l.Post(func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			fn()
		}()
		<-done
		ran = true
	}))
	looptest.Until(t, l, func() bool { return ran })
}

func TestEveryMethodRefusesAnotherGoroutine(t *testing.T) {
	looptest.OnlyWithOwners(t)
	var log bytes.Buffer
	l := looptest.New(t, uvgo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	all := everyHandle(t, l)
	silent := make(map[string]bool) // calls that cannot return an error
	inLoop(t, l, func() {
		for name, h := range all {
			for _, c := range uvtest.Methods(h, func(name string) bool { return slices.Contains(anyGoroutines, name) }) {
				switch what := name + "." + c.Name; {
				case c.Panic != nil:
					t.Errorf("%s panics: %v", what, c.Panic)
				case c.Fails && !errors.Is(c.Err, uv.ErrNotOwner):
					t.Errorf("%s: error %v", what, c.Err)
				case !c.Fails && !c.Zero():
					t.Errorf("%s returns %v", what, c.Results)
				case !c.Fails:
					silent[what] = true
				}
			}
		}
	})
	// The log has at most one line for each call and kind, and at least one.
	lines := strings.Count(log.String(), "call from a goroutine that does not run the loop")
	if lines == 0 || lines > len(silent) {
		t.Errorf("%d lines of log for %d calls", lines, len(silent))
	}
	for _, want := range []string{`call="tcp ref"`, `call="udp send queue size"`, `call="timer repeat"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, &log)
		}
	}
	for name, h := range all { // the calls have changed nothing
		if h.Closing() || !h.HasRef() {
			t.Errorf("%s: closing %t, referenced %t", name, h.Closing(), h.HasRef())
		}
		uvtest.Check(t, h.Close())
	}
}

func TestConstructorsRefuseAnotherGoroutine(t *testing.T) {
	looptest.OnlyWithOwners(t)
	l := looptest.New(t)
	inLoop(t, l, func() {
		for what, err := range constructors(l) {
			uvtest.IsErr(t, what, err, uv.ErrNotOwner)
		}
	})
	if n := l.Handles(); n != 0 {
		t.Errorf("%d handles were made", n)
	}
}

// constructors calls all functions that make a handle on a loop, and some that make
// requests.
func constructors(l uv.Loop) map[string]error {
	errs := make(map[string]error)
	note := func(what string, _ any, err error) { errs[what] = err }
	call := func(what string) func(any, error) { return func(v any, err error) { note(what, v, err) } }
	call("tcp")(handles.NewTCP(l))
	call("tcp4")(handles.NewTCP(l, handles.WithSocket(handles.IPv4)))
	call("pipe")(handles.NewPipe(l))
	call("udp")(handles.NewUDP(l))
	call("timer")(handles.NewTimer(l))
	call("prepare")(handles.NewPrepare(l))
	call("check")(handles.NewCheck(l))
	call("idle")(handles.NewIdle(l))
	call("async")(handles.NewAsync(l, nil))
	call("signal")(handles.NewSignal(l))
	call("poll")(handles.NewPoll(l, 0))
	call("fs event")(handles.NewFSEvent(l))
	call("fs poll")(handles.NewFSPoll(l))
	call("tty")(handles.NewTTY(l, 0))
	call("spawn")(handles.Spawn(l, handles.ProcessOptions{File: "/bin/true"}, nil))
	_, _, err := handles.NewPipePair(l)
	errs["pipe pair"] = err
	call("getaddrinfo")(requests.GetAddrInfo(l, "127.0.0.1", "", requests.AddrInfoHints{}, func([]requests.AddrInfo, error) {}))
	call("random")(requests.StartRandomBytes(l, 1, func([]byte, error) {}))
	call("work")(requests.StartWork(l, func() error { return nil }, nil))
	call("fs stat")(requests.FSStat(l, "/", func(uv.Stat, error) {}))
	return errs
}

// Before calls from a wrong goroutine were refused, timers made by several goroutines
// corrupted C's heap.
func TestOtherGoroutinesCannotHarmARunningLoop(t *testing.T) {
	looptest.OnlyWithOwners(t)
	l := looptest.New(t)
	tick := uvtest.Must(l.NewTimer())
	ended := make(chan int, 2)
	ticks := 0
	uvtest.Check(t, tick.Start(0, 1, func() {
		if ticks++; ticks == 1 {
			for range 2 {
				go func() {
					n := 0
					for range 20000 {
						if tm, err := l.NewTimer(); err == nil {
							n++
							_ = tm.Close()
						}
						_ = tick.Stop()
						tick.Unref()
					}
					ended <- n
				}()
			}
		}
		tm := uvtest.Must(l.NewTimer())
		uvtest.Check(t, tm.Close())
		if len(ended) == cap(ended) {
			uvtest.Check(t, tick.Close())
		}
	}))
	uvtest.Check(t, l.Run(t.Context()))
	if made := <-ended + <-ended; made != 0 || ticks == 0 {
		t.Errorf("other goroutines made %d timers; %d ticks", made, ticks)
	}
}
