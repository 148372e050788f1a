package tests

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
	"github.com/uvgo/uvgo/uv"
)

func init() {
	libuvTests.add(suite{
		"ref":                 onEachLoop(testRef),
		"idle_ref":            onEachLoop(testIdleRef),
		"async_ref":           onEachLoop(testAsyncRef),
		"prepare_ref":         onEachLoop(testPrepareRef),
		"check_ref":           onEachLoop(testCheckRef),
		"timer_ref":           onEachLoop(testTimerRef),
		"unref_in_prepare_cb": onEachLoop(testUnrefInPrepare),
		"tcp_ref2b":           onEachLoop(testTCPRef2b),
		"tcp_ref3":            onEachLoop(testTCPRef3),
		"tcp_ref4":            onEachLoop(testTCPRef4),
		"pipe_ref4":           onEachLoop(testPipeRef4),
		"has_ref":             onEachLoop(testHasRef),
		"async":               onEachLoop(testAsync),
		"async_null_cb":       onEachLoop(testAsyncNullCallback),
	})
}

// A closer is a handle that tells when it is closed.
type closer interface {
	uv.Handle
	OnClose(func())
}

// closeAndRun closes the handles and runs their close callbacks.
func closeAndRun(t *testing.T, l *uvgo.Loop, hs ...closer) {
	t.Helper()
	closed := 0
	for _, h := range hs {
		h.OnClose(func() { closed++ })
		check(t, h.Close())
	}
	if closed != 0 {
		t.Error("Close ran a close callback")
	}
	if looptest.Run(t, l); closed != len(hs) {
		t.Errorf("%d close callbacks ran, want %d", closed, len(hs))
	}
}

// doesNotHold expects that Run returns at once with the handle unreferenced,
// in whatever way it is run, and closes the handle.
func doesNotHold(t *testing.T, l *uvgo.Loop, h closer, ran *uvtest.Counter) {
	t.Helper()
	h.Unref()
	if !h.Active() || l.Alive() {
		t.Errorf("active %t, loop alive %t; want true, false", h.Active(), l.Alive())
	}
	looptest.Run(t, l)
	if turnOnce(t, l) || turnNoWait(t, l) || ran.N() != 0 {
		t.Errorf("an unreferenced handle ran %d callbacks", ran.N())
	}
	h.Ref()
	if !l.Alive() {
		t.Error("a referenced active handle does not keep the loop alive")
	}
	h.Unref()
	closeAndRun(t, l, h)
}

func testRef(t *testing.T, l *uvgo.Loop) {
	looptest.Run(t, l) // an empty loop ends at once
	timer := must(l.NewTimer())
	ran := uvtest.NewCounter(t, "timer callback", 0)
	check(t, timer.Start(time.Hour, 0, ran.Inc))
	doesNotHold(t, l, timer, ran)
}

func testIdleRef(t *testing.T, l *uvgo.Loop) {
	h, ran := must(l.NewIdle()), uvtest.NewCounter(t, "idle callback", 0)
	check(t, h.Start(ran.Inc))
	doesNotHold(t, l, h, ran)
}

func testAsyncRef(t *testing.T, l *uvgo.Loop) {
	ran := uvtest.NewCounter(t, "async callback", 0)
	doesNotHold(t, l, must(l.NewAsync(ran.Inc)), ran)
}

func testPrepareRef(t *testing.T, l *uvgo.Loop) {
	h, ran := must(l.NewPrepare()), uvtest.NewCounter(t, "prepare callback", 0)
	check(t, h.Start(ran.Inc))
	doesNotHold(t, l, h, ran)
}

func testCheckRef(t *testing.T, l *uvgo.Loop) {
	h, ran := must(l.NewCheck()), uvtest.NewCounter(t, "check callback", 0)
	check(t, h.Start(ran.Inc))
	doesNotHold(t, l, h, ran)
}

func testTimerRef(t *testing.T, l *uvgo.Loop) {
	ran := uvtest.NewCounter(t, "timer callback", 0)
	h := must(l.NewTimer())
	h.Unref() // before it is active
	looptest.Run(t, l)
	closeAndRun(t, l, h)

	h = must(l.NewTimer())
	check(t, h.Start(42*tick, 42*tick, ran.Inc))
	doesNotHold(t, l, h, ran)

	// Unreferenced from its own callback.
	h = must(l.NewTimer())
	once := uvtest.NewCounter(t, "timer callback before Unref", 1)
	check(t, h.Start(tick, tick, func() {
		once.Inc()
		h.Unref()
	}))
	looptest.Run(t, l)
	closeAndRun(t, l, h)
}

func testUnrefInPrepare(t *testing.T, l *uvgo.Loop) {
	h := must(l.NewPrepare())
	ran := uvtest.NewCounter(t, "prepare callback", 1)
	check(t, h.Start(func() {
		ran.Inc()
		h.Unref()
	}))
	looptest.Run(t, l)
	closeAndRun(t, l, h)
}

func testTCPRef2b(t *testing.T, l *uvgo.Loop) {
	h := must(l.NewTCP())
	accepted := uvtest.NewCounter(t, "accept callback", 0)
	check(t, h.Listen(128, func(*handles.TCP, error) { accepted.Inc() }))
	h.Unref()
	looptest.Run(t, l)
	closeAndRun(t, l, h)
}

func testTCPRef3(t *testing.T, l *uvgo.Loop) {
	h := must(l.NewTCP())
	var order journal
	check(t, h.Connect(listenTCP(t), func(err error) {
		check(t, err)
		order.add("connect")
		check(t, h.Shutdown(func(err error) {
			check(t, err)
			order.add("shutdown")
		}))
	}))
	h.Unref()
	looptest.Run(t, l)
	order.want(t, "connect", "shutdown")
	closeAndRun(t, l, h)
}

func testTCPRef4(t *testing.T, l *uvgo.Loop) {
	h := must(l.NewTCP())
	testWriteHolds(t, l, h, func(fn func(error)) error { return h.Connect(listenTCP(t), fn) })
}

func testPipeRef4(t *testing.T, l *uvgo.Loop) {
	h := must(l.NewPipe())
	testWriteHolds(t, l, h, func(fn func(error)) error { return h.Connect(listenUnix(t), fn) })
}

// testWriteHolds expects that a write keeps the loop alive until it is through:
// it is too large to be taken at once.
func testWriteHolds(t *testing.T, l *uvgo.Loop, h handles.Stream, connect func(func(error)) error) {
	var order journal
	check(t, connect(func(err error) {
		check(t, err)
		order.add("connect")
		check(t, h.WriteFunc(func(err error) {
			check(t, err)
			order.add("write")
			check(t, h.Shutdown(func(err error) {
				check(t, err)
				order.add("shutdown")
			}))
		}, make([]byte, 16<<20)))
	}))
	h.Unref()
	looptest.Run(t, l)
	order.want(t, "connect", "write", "shutdown")

	// Reading does not hold the loop: the peer's end stays undelivered.
	check(t, h.ReadStart(func(p []byte, err error) {
		if !errors.Is(err, io.EOF) {
			t.Errorf("read %d bytes, %v", len(p), err)
		}
	}))
	looptest.Run(t, l)
	closeAndRun(t, l, h)
}

func testHasRef(t *testing.T, l *uvgo.Loop) {
	all := []closer{
		must(l.NewTCP()), must(l.NewPipe()), must(l.NewTimer()), must(l.NewPrepare()), must(l.NewCheck()),
		must(l.NewIdle()), must(l.NewAsync(nil)), must(l.NewSignal()),
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
	closeAndRun(t, l, all...)
}

func testAsync(t *testing.T, l *uvgo.Loop) {
	const rounds = 300
	var order journal
	calls, sends := 0, make(chan bool)
	errs := make(chan error, 1)
	prepare := must(l.NewPrepare())
	var async *handles.Async
	async = must(l.NewAsync(func() {
		if calls++; calls < rounds {
			sends <- true // the loop waits again, or is about to, when this is sent
			return
		}
		close(sends)
		for _, h := range []closer{async, prepare} {
			h.OnClose(order.note("closed"))
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
	check(t, prepare.Start(func() {
		if prepares.Inc(); prepares.N() == 1 {
			sends <- true
		}
	}))
	looptest.Run(t, l)
	check(t, <-errs)
	if calls != rounds {
		t.Errorf("the callback ran %d times, want %d", calls, rounds)
	}
	order.want(t, "closed", "closed")
	if err := async.Send(); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("Send after Close: %v", err)
	}

	// Sends before the callback are one call; one that Close overtakes is none.
	calls = 0
	async = must(l.NewAsync(func() { calls++ }))
	for range 10 {
		check(t, async.Send())
	}
	if turnOnce(t, l); calls != 1 {
		t.Errorf("10 sends made %d calls", calls)
	}
	check(t, async.Send())
	closeAndRun(t, l, async)
	if calls != 1 {
		t.Error("a send was delivered after Close")
	}
}

func testAsyncNullCallback(t *testing.T, l *uvgo.Loop) {
	const polls = 50 // each is ended by a send, apart from a few at the start
	async, chk := must(l.NewAsync(nil)), must(l.NewCheck())
	checks := uvtest.NewCounter(t, "check callback", polls)
	check(t, chk.Start(func() {
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
