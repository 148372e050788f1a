package libuv

import (
	"errors"
	"io"
	"runtime"
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
		"ref":                 kit.PerLoop(testRef),
		"idle_ref":            kit.PerLoop(testIdleRef),
		"async_ref":           kit.PerLoop(testAsyncRef),
		"prepare_ref":         kit.PerLoop(testPrepareRef),
		"check_ref":           kit.PerLoop(testCheckRef),
		"timer_ref":           kit.PerLoop(testTimerRef),
		"unref_in_prepare_cb": kit.PerLoop(testUnrefInPrepare),
		"tcp_ref2b":           kit.PerLoop(testTCPRef2b),
		"tcp_ref3":            kit.PerLoop(testTCPRef3),
		"tcp_ref4":            kit.PerLoop(testTCPRef4),
		"pipe_ref4":           kit.PerLoop(testPipeRef4),
		"has_ref":             kit.PerLoop(testHasRef),
		"async":               kit.PerLoop(testAsync),
		"async_null_cb":       kit.PerLoop(testAsyncNullCallback),
	})
}

// doesNotHold expects that Run returns at once with the handle unreferenced,
// in whatever way it is run, and closes the handle.
func doesNotHold(t *testing.T, l *uvgo.Loop, h kit.Closer, ran *uvtest.Counter) {
	t.Helper()
	h.Unref()
	if !h.Active() || l.Alive() {
		t.Errorf("active %t, loop alive %t; want true, false", h.Active(), l.Alive())
	}
	looptest.Run(t, l)
	if looptest.TurnOnce(t, l) || looptest.TurnNoWait(t, l) || ran.N() != 0 {
		t.Errorf("an unreferenced handle ran %d callbacks", ran.N())
	}
	h.Ref()
	if !l.Alive() {
		t.Error("a referenced active handle does not keep the loop alive")
	}
	h.Unref()
	kit.CloseAndRun(t, l, h)
}

func testRef(t *testing.T, l *uvgo.Loop) {
	looptest.Run(t, l) // an empty loop ends at once
	timer := uvtest.Must(l.NewTimer())
	ran := uvtest.NewCounter(t, "timer callback", 0)
	uvtest.Check(t, timer.Start(time.Hour, 0, ran.Inc))
	doesNotHold(t, l, timer, ran)
}

func testIdleRef(t *testing.T, l *uvgo.Loop) {
	h, ran := uvtest.Must(l.NewIdle()), uvtest.NewCounter(t, "idle callback", 0)
	uvtest.Check(t, h.Start(ran.Inc))
	doesNotHold(t, l, h, ran)
}

func testAsyncRef(t *testing.T, l *uvgo.Loop) {
	ran := uvtest.NewCounter(t, "async callback", 0)
	doesNotHold(t, l, uvtest.Must(l.NewAsync(ran.Inc)), ran)
}

func testPrepareRef(t *testing.T, l *uvgo.Loop) {
	h, ran := uvtest.Must(l.NewPrepare()), uvtest.NewCounter(t, "prepare callback", 0)
	uvtest.Check(t, h.Start(ran.Inc))
	doesNotHold(t, l, h, ran)
}

func testCheckRef(t *testing.T, l *uvgo.Loop) {
	h, ran := uvtest.Must(l.NewCheck()), uvtest.NewCounter(t, "check callback", 0)
	uvtest.Check(t, h.Start(ran.Inc))
	doesNotHold(t, l, h, ran)
}

func testTimerRef(t *testing.T, l *uvgo.Loop) {
	ran := uvtest.NewCounter(t, "timer callback", 0)
	h := uvtest.Must(l.NewTimer())
	h.Unref() // before it is active
	looptest.Run(t, l)
	kit.CloseAndRun(t, l, h)

	h = uvtest.Must(l.NewTimer())
	uvtest.Check(t, h.Start(42*tick, 42*tick, ran.Inc))
	doesNotHold(t, l, h, ran)

	// Unreferenced from its own callback.
	h = uvtest.Must(l.NewTimer())
	once := uvtest.NewCounter(t, "timer callback before Unref", 1)
	uvtest.Check(t, h.Start(tick, tick, func() {
		once.Inc()
		h.Unref()
	}))
	looptest.Run(t, l)
	kit.CloseAndRun(t, l, h)
}

func testUnrefInPrepare(t *testing.T, l *uvgo.Loop) {
	h := uvtest.Must(l.NewPrepare())
	ran := uvtest.NewCounter(t, "prepare callback", 1)
	uvtest.Check(t, h.Start(func() {
		ran.Inc()
		h.Unref()
	}))
	looptest.Run(t, l)
	kit.CloseAndRun(t, l, h)
}

func testTCPRef2b(t *testing.T, l *uvgo.Loop) {
	h := uvtest.Must(l.NewTCP())
	accepted := uvtest.NewCounter(t, "accept callback", 0)
	uvtest.Check(t, h.Listen(128, func(*handles.TCP, error) { accepted.Inc() }))
	h.Unref()
	looptest.Run(t, l)
	kit.CloseAndRun(t, l, h)
}

func testTCPRef3(t *testing.T, l *uvgo.Loop) {
	h := uvtest.Must(l.NewTCP())
	var order kit.Journal
	uvtest.Check(t, h.Connect(kit.ListenTCP(t), func(err error) {
		uvtest.Check(t, err)
		order.Add("connect")
		uvtest.Check(t, h.Shutdown(func(err error) {
			uvtest.Check(t, err)
			order.Add("shutdown")
		}))
	}))
	h.Unref()
	looptest.Run(t, l)
	order.Want(t, "connect", "shutdown")
	kit.CloseAndRun(t, l, h)
}

func testTCPRef4(t *testing.T, l *uvgo.Loop) {
	h := uvtest.Must(l.NewTCP())
	testWriteHolds(t, l, h, func(fn func(error)) error { return h.Connect(kit.ListenTCP(t), fn) })
}

func testPipeRef4(t *testing.T, l *uvgo.Loop) {
	h := uvtest.Must(l.NewPipe())
	testWriteHolds(t, l, h, func(fn func(error)) error { return h.Connect(kit.ListenUnix(t), fn) })
}

// testWriteHolds expects that a write keeps the loop alive until it is through:
// it is too large to be taken at once.
func testWriteHolds(t *testing.T, l *uvgo.Loop, h handles.Stream, connect func(func(error)) error) {
	var order kit.Journal
	uvtest.Check(t, connect(func(err error) {
		uvtest.Check(t, err)
		order.Add("connect")
		uvtest.Check(t, h.WriteFunc(func(err error) {
			uvtest.Check(t, err)
			order.Add("write")
			uvtest.Check(t, h.Shutdown(func(err error) {
				uvtest.Check(t, err)
				order.Add("shutdown")
			}))
		}, make([]byte, 16<<20)))
	}))
	h.Unref()
	looptest.Run(t, l)
	order.Want(t, "connect", "write", "shutdown")

	// Reading does not hold the loop: the peer's end stays undelivered.
	uvtest.Check(t, h.ReadStart(func(p []byte, err error) {
		if !errors.Is(err, io.EOF) {
			t.Errorf("read %d bytes, %v", len(p), err)
		}
	}))
	looptest.Run(t, l)
	kit.CloseAndRun(t, l, h)
}

func testHasRef(t *testing.T, l *uvgo.Loop) {
	all := []kit.Closer{
		uvtest.Must(l.NewTCP()), uvtest.Must(l.NewPipe()), uvtest.Must(l.NewTimer()), uvtest.Must(l.NewPrepare()), uvtest.Must(l.NewCheck()),
		uvtest.Must(l.NewIdle()), uvtest.Must(l.NewAsync(nil)), uvtest.Must(l.NewSignal()),
	}
	for _, h := range all {
		var got []bool
		for _, change := range []func(){func() {}, h.Ref, h.Unref, h.Unref, h.Ref, h.Unref} {
			change()
			got = append(got, h.HasRef())
		}
		for i, want := range []bool{true, true, false, false, true, false} {
			if got[i] != want {
				t.Errorf("%s: HasRef() = %t after step %d", h.Kind(), got[i], i)
			}
		}
	}
	if l.Alive() { // Unref twice counts once, and so does Ref
		t.Error("alive with unreferenced handles")
	}
	kit.CloseAndRun(t, l, all...)
}

func testAsync(t *testing.T, l *uvgo.Loop) {
	const rounds = 300
	var order kit.Journal
	calls, sends := 0, make(chan bool)
	errs := make(chan error, 1)
	prepare := uvtest.Must(l.NewPrepare())
	var async *handles.Async
	async = uvtest.Must(l.NewAsync(func() {
		if calls++; calls < rounds {
			sends <- true // the loop waits again, or is about to, when this is sent
			return
		}
		close(sends)
		for _, h := range []kit.Closer{async, prepare} {
			h.OnClose(order.Note("closed"))
			h.Close()
		}
	}))
	go func() {
		var err error
		for range sends {
			err = errors.Join(err, async.Send())
		}
		errs <- err
	}()
	prepares := uvtest.NewCounterAtLeast(t, "prepare callback", 1)
	uvtest.Check(t, prepare.Start(func() {
		if prepares.Inc(); prepares.N() == 1 {
			sends <- true
		}
	}))
	looptest.Run(t, l)
	uvtest.Check(t, <-errs)
	if calls != rounds {
		t.Errorf("the callback ran %d times, want %d", calls, rounds)
	}
	order.Want(t, "closed", "closed")
	if err := async.Send(); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("Send after Close: %v", err)
	}

	// Sends before the callback are one call; one that Close overtakes is none.
	calls = 0
	async = uvtest.Must(l.NewAsync(func() { calls++ }))
	for range 10 {
		uvtest.Check(t, async.Send())
	}
	if looptest.TurnOnce(t, l); calls != 1 {
		t.Errorf("10 sends made %d calls", calls)
	}
	uvtest.Check(t, async.Send())
	kit.CloseAndRun(t, l, async)
	if calls != 1 {
		t.Error("a send was delivered after Close")
	}
}

func testAsyncNullCallback(t *testing.T, l *uvgo.Loop) {
	const polls = 50 // each is ended by a send, apart from a few at the start
	async, chk := uvtest.Must(l.NewAsync(nil)), uvtest.Must(l.NewCheck())
	checks := uvtest.NewCounter(t, "check callback", polls)
	uvtest.Check(t, chk.Start(func() {
		if checks.Inc(); checks.N() == polls {
			async.Close()
			chk.Close()
		}
	}))
	ended := make(chan error, 1)
	go func() {
		for {
			if err := async.Send(); err != nil {
				ended <- err
				return
			}
			runtime.Gosched()
		}
	}()
	looptest.Run(t, l)
	if err := <-ended; !errors.Is(err, uv.ErrClosed) {
		t.Errorf("Send: %v", err)
	}
}
