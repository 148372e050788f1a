package uvloop

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
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
		"off_thread_caught":  kit.PerParking(testOffThreadCaught),
		"slow_callback_once": kit.PerParking(testSlowCallbackOnce),
	})
}

func testOffThreadCaught(t *testing.T, park uvgo.Option) {
	l := looptest.New(t, park, uvgo.WithDebug())
	none := func() {}
	timer, idle, prepare, chk := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewIdle()), uvtest.Must(l.NewPrepare()), uvtest.Must(l.NewCheck())
	sig, async, tcp, pipe := uvtest.Must(l.NewSignal()), uvtest.Must(l.NewAsync(nil)), uvtest.Must(l.NewTCP()), uvtest.Must(l.NewPipe())
	calls := map[string]func() error{
		"timer start":          func() error { return timer.Start(0, 0, none) },
		"timer stop":           timer.Stop,
		"timer again":          timer.Again,
		"timer set repeat":     func() error { return timer.SetRepeat(1) },
		"timer close":          timer.Close,
		"idle start":           func() error { return idle.Start(none) },
		"idle stop":            idle.Stop,
		"idle close":           idle.Close,
		"prepare start":        func() error { return prepare.Start(none) },
		"prepare stop":         prepare.Stop,
		"prepare close":        prepare.Close,
		"check start":          func() error { return chk.Start(none) },
		"check stop":           chk.Stop,
		"check close":          chk.Close,
		"signal start":         func() error { return sig.Start(kit.SigUsed, kit.IgnoreSignal(none)) },
		"signal start oneshot": func() error { return sig.StartOneshot(kit.SigUsed, kit.IgnoreSignal(none)) },
		"signal stop":          sig.Stop,
		"signal close":         sig.Close,
		"async close":          async.Close,
		"tcp bind":             func() error { return tcp.Bind(looptest.Loopback) },
		"tcp listen":           func() error { return tcp.Listen(1, func(*handles.TCP, error) {}) },
		"tcp connect":          func() error { return tcp.Connect(looptest.Loopback, func(error) {}) },
		"tcp read start":       func() error { return tcp.ReadStart(func([]byte, error) {}) },
		"tcp read stop":        tcp.ReadStop,
		"tcp write":            func() error { _, err := tcp.Write([]byte("x")); return err },
		"tcp try write":        func() error { _, err := tcp.TryWrite([]byte("x")); return err },
		"tcp shutdown":         func() error { return tcp.Shutdown(nil) },
		"tcp close reset":      tcp.CloseReset,
		"tcp local address":    func() error { _, err := tcp.LocalAddr(); return err },
		"tcp close":            tcp.Close,
		"pipe open":            func() error { return pipe.Open(os.Stdin.Fd()) },
		"pipe chmod":           func() error { return pipe.Chmod(handles.PipeReadable) },
		"pipe close":           pipe.Close,
		"timer init":           func() error { _, err := l.NewTimer(); return err },
		"async init":           func() error { _, err := l.NewAsync(none); return err },
	}
	checked := uvtest.NewCounter(t, "functions on the loop's goroutine", 1)
	uvtest.Check(t, l.Post(func() {
		checked.Inc()
		done := make(chan bool)
		go func() {
			defer close(done)
			for op, call := range calls {
				err := call()
				if !errors.Is(err, uv.ErrNotOwner) || !strings.HasPrefix(err.Error(), op+": ") {
					t.Errorf("%s from another goroutine: %v", op, err)
				}
			}
			// What may be called from anywhere.
			if err := errors.Join(async.Send(), l.Post(none), l.PostContext(context.Background(), none)); err != nil {
				t.Error(err)
			}
		}()
		<-done
		for h := range l.Walk() { // nothing has happened
			if h.Closing() || h.Active() != (h.Kind() == uv.KindAsync) {
				t.Errorf("%s: closing %t, active %t", h.Kind(), h.Closing(), h.Active())
			}
		}
		async.Close()
	}))
	looptest.Run(t, l)

	// A loop that does not run may be used from anywhere.
	done := make(chan error)
	go func() { done <- errors.Join(timer.Start(0, 0, none), timer.Stop()) }()
	uvtest.Check(t, <-done)
	for h := range l.Walk() {
		h.Close()
	}
}

func slowOnPurpose() { kit.Spin(60 * time.Millisecond) }

func testSlowCallbackOnce(t *testing.T, park uvgo.Option) {
	var log logBuffer
	l := looptest.New(t, park, log.option(), uvgo.WithDebug(), uvgo.WithSlowCallback(50*time.Millisecond))
	slow := regexp.MustCompile(`level=WARN msg="uvgo: slow callback" callback=(.*) took=(.*)$`)
	warnings := func(name string) (took []time.Duration) {
		for _, line := range log.lines() {
			m := slow.FindStringSubmatch(line)
			if m == nil {
				t.Errorf("unexpected log: %s", line)
			} else if strings.Contains(m[1], name) {
				took = append(took, uvtest.Must(time.ParseDuration(m[2])))
			}
		}
		return took
	}
	expect := func(name, when string, want int) {
		t.Helper()
		looptest.Run(t, l)
		took := warnings(name)
		if len(took) != want || want == 1 && took[0] < 60*time.Millisecond {
			t.Errorf("%s: warnings of %v, want %d", when, took, want)
		}
	}
	for range 3 {
		uvtest.Check(t, l.Post(slowOnPurpose))
	}
	expect("slowOnPurpose", "a posted function, three times", 1)
	uvtest.Check(t, l.Post(slowOnPurpose))
	expect("slowOnPurpose", "and in another run", 0)

	// A handle's callback is named after the handle and where it was made.
	timer := uvtest.Must(l.NewTimer())
	defer timer.Close()
	uvtest.Check(t, timer.Start(0, 0, slowOnPurpose))
	expect("debug_test.go", "a timer", 1)
	idle := uvtest.Must(l.NewIdle())
	uvtest.Check(t, idle.Start(func() {
		slowOnPurpose()
		idle.Close()
	}))
	expect("testSlowCallbackOnce", "an idle callback", 1)
}
