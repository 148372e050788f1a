package uvgo_test

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cuv/hosttest"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// adopted returns a host and a loop in it. The test ends with both closed, and
// nothing left on the host's loop.
func adopted(t *testing.T, opts ...uvgo.Option) (*hosttest.Host, *uvgo.Loop) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	uvtest.Watchdog(t, time.Minute)
	h, err := hosttest.New()
	if err != nil {
		t.Fatal(err)
	}
	l, err := uvgo.Adopt(h.Loop(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if h.Run(hosttest.Default) {
			t.Error("the host's loop is alive at the end")
		}
		if rc := h.Close(); rc != 0 {
			t.Errorf("uv_loop_close of the host: %v", uv.Errno(rc))
		}
	})
	return h, l
}

// timer starts a timer of Go's that closes itself.
func timer(t *testing.T, l *uvgo.Loop, d time.Duration, fn func()) *handles.Timer {
	t.Helper()
	tm, err := l.NewTimer()
	uvtest.Check(t, err)
	uvtest.Check(t, tm.Start(d, 0, func() {
		tm.Close()
		fn()
	}))
	return tm
}

func TestAdoptedLoopRunsInTheHost(t *testing.T) {
	h, l := adopted(t)
	var order []string
	note := func(s string) func() { return func() { order = append(order, s) } }
	// Each starts the next: however late one is, the other's comes behind it.
	h.After(time.Millisecond, func() {
		note("host 1")()
		timer(t, l, time.Millisecond, func() {
			note("go 1")()
			h.After(time.Millisecond, func() {
				note("host 2")()
				timer(t, l, time.Millisecond, note("go 2"))
			})
		})
	})
	uvtest.Check(t, l.Post(note("post")))
	if h.Run(hosttest.Default) {
		t.Error("the host is alive after its run")
	}
	if want := []string{"post", "host 1", "go 1", "host 2", "go 2"}; !slices.Equal(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
	if l.Alive() {
		t.Error("the Go loop is alive")
	}
}

// Streams of Go's work inside the host, and its writes leave without a delay.
func TestAdoptedLoopServesStreams(t *testing.T) {
	h, l := adopted(t)
	ln, err := l.NewTCP()
	uvtest.Check(t, err)
	uvtest.Check(t, ln.Bind(netip.MustParseAddrPort("127.0.0.1:0")))
	uvtest.Check(t, ln.Listen(16, func(c *handles.TCP, err error) {
		uvtest.Check(t, err)
		ln.Close()
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			if err != nil {
				c.Close()
				return
			}
			if _, err := c.Write(p); err != nil {
				t.Error(err)
			}
		}))
	}))
	addr, err := ln.LocalAddr()
	uvtest.Check(t, err)
	c, err := l.NewTCP()
	uvtest.Check(t, err)
	const total = 1 << 20
	received := 0
	uvtest.Check(t, c.Connect(addr, func(err error) {
		uvtest.Check(t, err)
		uvtest.Check(t, c.ReadStart(func(p []byte, err error) {
			uvtest.Check(t, err)
			if received += len(p); received == total {
				c.Close()
			}
		}))
		uvtest.Check(t, c.WriteFunc(func(err error) { uvtest.Check(t, err) }, make([]byte, total)))
	}))
	h.Run(hosttest.Default)
	if received != total {
		t.Errorf("%d bytes of %d came back", received, total)
	}
}

// What Go does in a call from the host's callback, in whatever phase, is seen
// at once, although the Go loop had no work and nothing else keeps the host.
func TestAdoptedLoopSeesWhatTheHostsCallbacksDo(t *testing.T) {
	for _, phase := range []string{"timer", "prepare"} {
		t.Run(phase, func(t *testing.T) {
			h, l := adopted(t)
			h.Run(hosttest.Default)
			fired := uvtest.NewCounter(t, "timer started by the host's callback", 2)
			start := func() { timer(t, l, time.Millisecond, fired.Inc) }
			if phase == "timer" {
				h.After(0, start)
			} else {
				h.Prepare(0, start)
				h.After(time.Hour, func() {}) // the host would sleep
			}
			for fired.N() == 0 {
				h.Run(hosttest.Once)
			}
			// The same before the host runs at all.
			start()
			for fired.N() == 1 {
				h.Run(hosttest.Once)
			}
			h.CloseOwn()
		})
	}
}

// A prepare handle of the host's that runs after ours, right before the poll, is
// the latest chance to do something: the poll must not block then.
func TestAdoptedLoopSeesWhatTheLastPrepareDoes(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	uvtest.Watchdog(t, time.Minute)
	h, err := hosttest.New()
	uvtest.Check(t, err)
	var l *uvgo.Loop
	fired := uvtest.NewCounter(t, "timer", 1)
	h.Prepare(5, func() { timer(t, l, 0, fired.Inc) }) // older than ours, so libuv runs it later
	l, err = uvgo.Adopt(h.Loop())
	uvtest.Check(t, err)
	h.After(time.Hour, func() {})
	for range 5 {
		h.Run(hosttest.NoWait)
	}
	for fired.N() == 0 {
		h.Run(hosttest.Once)
	}
	h.CloseOwn()
	uvtest.Check(t, l.Shutdown(context.Background()))
	h.Run(hosttest.Default)
	if rc := h.Close(); rc != 0 {
		t.Errorf("uv_loop_close: %v", uv.Errno(rc))
	}
}

func TestAdoptedLoopIsWokenByOtherGoroutines(t *testing.T) {
	h, l := adopted(t)
	ran := uvtest.NewCounter(t, "posted function", 1000)
	sent := uvtest.NewCounterAtLeast(t, "async callback", 1)
	var async *handles.Async
	async, err := l.NewAsync(func() {
		if sent.Inc(); ran.N() == 1000 {
			async.Close()
		}
	})
	uvtest.Check(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 1000 {
			if err := l.Post(ran.Inc); err != nil {
				t.Error(err)
			}
			for i%10 == 0 && ran.N() < i { // now and then, the host sleeps in between
				runtime.Gosched()
			}
		}
		if err := async.Send(); err != nil { // after all posts: its call is the last
			t.Error(err)
		}
	}()
	h.Run(hosttest.Default)
	<-done
}

func TestAdoptedLoopIsNotRunByGo(t *testing.T) {
	_, l := adopted(t)
	if err := l.Run(context.Background()); !errors.Is(err, uv.ErrAdopted) {
		t.Errorf("Run: %v", err)
	}
	if _, err := l.RunOnce(); !errors.Is(err, uv.ErrAdopted) {
		t.Errorf("RunOnce: %v", err)
	}
	if _, err := l.RunNoWait(); !errors.Is(err, uv.ErrAdopted) {
		t.Errorf("RunNoWait: %v", err)
	}
}

func TestAdoptRefusesMisuse(t *testing.T) {
	if _, err := uvgo.Adopt(nil); !errors.Is(err, uv.EINVAL) {
		t.Errorf("nil: %v", err)
	}
	h, err := hosttest.New()
	uvtest.Check(t, err)
	if _, err := uvgo.Adopt(h.Loop(), uvgo.WithParking(uvgo.ParkGoroutine)); !errors.Is(err, uv.EINVAL) {
		t.Errorf("parking: %v", err)
	}
	if rc := h.Close(); rc != 0 {
		t.Errorf("a refused Adopt left something on the host's loop: %v", uv.Errno(rc))
	}
}

func TestStopOfAnAdoptedLoopEndsTheHostsRun(t *testing.T) {
	h, l := adopted(t)
	far := timer(t, l, time.Hour, func() {})
	defer far.Close()
	timer(t, l, 0, l.Stop)
	if !h.Run(hosttest.Default) {
		t.Error("the host's loop has no work left")
	}
	go l.Stop() // wakes it, too
	if !h.Run(hosttest.Default) {
		t.Error("the host's loop has no work left")
	}
}

// An unreferenced handle runs while the host has work, and keeps nobody.
func TestUnreferencedHandlesOfAnAdoptedLoop(t *testing.T) {
	h, l := adopted(t)
	tm, err := l.NewTimer()
	uvtest.Check(t, err)
	defer tm.Close()
	ticks := 0
	uvtest.Check(t, tm.Start(time.Millisecond, time.Millisecond, func() { ticks++ }))
	tm.Unref()
	if h.Run(hosttest.Default); h.Run(hosttest.Default) || l.Alive() {
		t.Error("an unreferenced timer keeps the loops alive")
	}
	ticks = 0
	h.After(50*time.Millisecond, func() {})
	h.Run(hosttest.Default)
	if ticks == 0 {
		t.Error("it did not tick while the host ran")
	}
}

// An idle handle runs once in each of the host's turns, which do not block.
func TestIdleOfAnAdoptedLoop(t *testing.T) {
	h, l := adopted(t)
	idle, err := l.NewIdle()
	uvtest.Check(t, err)
	n := 0
	uvtest.Check(t, idle.Start(func() {
		if n++; n == 50 {
			idle.Close()
		}
	}))
	h.Run(hosttest.Default)
	if n != 50 {
		t.Errorf("%d calls", n)
	}
}

func TestCloseOfAnAdoptedLoop(t *testing.T) {
	h, l := adopted(t)
	tm := timer(t, l, time.Hour, func() {})
	if err := l.Close(); !errors.Is(err, uv.EBUSY) {
		t.Errorf("with an open handle: %v", err)
	}
	var inside error
	timer(t, l, 0, func() {
		inside = l.Shutdown(context.Background())
		tm.Close()
	})
	h.Run(hosttest.Default)
	if !errors.Is(inside, uv.ErrRunning) {
		t.Errorf("Shutdown in a callback: %v", inside)
	}
	uvtest.Check(t, l.Close())
	uvtest.Check(t, l.Close())
	if err := l.Post(func() {}); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("Post after Close: %v", err)
	}
	// The host goes on without us, and a second loop may follow.
	again, err := uvgo.Adopt(h.Loop())
	uvtest.Check(t, err)
	timer(t, again, 0, func() { h.After(0, func() {}) })
	before := h.Fired()
	h.Run(hosttest.Default)
	if h.Fired() != before+1 {
		t.Errorf("the host's timer fired %d times", h.Fired()-before)
	}
	uvtest.Check(t, again.Close())
}
