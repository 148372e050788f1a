package alloc

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// steady fails the test if op allocates once it has run for a while. It looks
// at hundreds at a time: AllocsPerRun drops fractions, and the runtime itself
// may allocate once in a while.
func steady(t *testing.T, op func()) {
	t.Helper()
	const many = 200
	batch := func() {
		for range many {
			op()
		}
	}
	for range 5 { // slots, rings and pools reach their size
		batch()
	}
	if n := testing.AllocsPerRun(10, batch); n != 0 {
		t.Errorf("%v allocations in %d times, want none", n, many)
	}
}

// TestSteadyStateAllocatesNothing covers what a busy program does again and
// again. A round that blocks may take several turns.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	if uvtest.Instrumented {
		t.Skip("the race detector and AddressSanitizer allocate on their own")
	}
	for name, fn := range map[string]func(t *testing.T, l *uvgo.Loop){
		"TCP echo":               allocEcho,
		"WriteFunc":              allocWriteFunc,
		"WriteFunc of two":       allocWriteFuncTwo,
		"timer start and stop":   allocTimerStartStop,
		"timer fires":            allocTimerFires,
		"post from the loop":     allocPost,
		"post from outside":      allocPostOutside,
		"async":                  allocAsync,
		"idle, prepare, check":   allocPhases,
		"read stop and start":    allocReadStopStart,
		"synchronous questions":  allocQuestions,
		"ref, unref and timers":  allocRef,
		"writes that are queued": allocBlockedWrites,
		"full and drain":         allocDrain,
		"UDP echo":               allocUDPEcho,
		"UDP SendFunc":           allocUDPSendFunc,
		"UDP TrySend":            allocUDPTrySend,
		"file stat":              allocFSStat,
		"file read and write":    allocFSReadWrite,
		"a file that changes":    allocFSEvent,
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range []struct {
				name string
				way  uvgo.Parking
			}{{"thread", uvgo.ParkThread}, {"goroutine", uvgo.ParkGoroutine}} {
				t.Run(p.name, func(t *testing.T) {
					uvtest.Watchdog(t, time.Minute)
					fn(t, looptest.New(t, uvgo.WithParking(p.way)))
				})
			}
		})
	}
}

// echoed returns a client of an echo server on the same loop, and a function
// that makes one round trip.
func echoed(t *testing.T, l *uvgo.Loop, write func(c *handles.TCP) error) (round func(), done func()) {
	a, b := looptest.Pair(t, l)
	back := 0
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) {
		if _, err := b.Write(p); err != nil {
			t.Error(err)
		}
	}))
	uvtest.Check(t, a.ReadStart(func(p []byte, err error) { back += len(p) }))
	return func() {
		back = 0
		if err := write(a); err != nil {
			t.Fatal(err)
		}
		for back < 64 {
			if _, err := l.RunOnce(); err != nil {
				t.Fatal(err)
			}
		}
	}, func() { uvtest.CloseAll(t, a, b) }
}

func allocEcho(t *testing.T, l *uvgo.Loop) {
	msg := make([]byte, 64)
	round, done := echoed(t, l, func(c *handles.TCP) error {
		_, err := c.Write(msg)
		return err
	})
	steady(t, round)
	done()
}

func allocWriteFunc(t *testing.T, l *uvgo.Loop) {
	msg, called := make([]byte, 64), 0
	written := func(error) { called++ }
	round, done := echoed(t, l, func(c *handles.TCP) error { return c.WriteFunc(written, msg) })
	rounds := 0
	steady(t, func() {
		rounds++
		round()
	})
	if called != rounds {
		t.Errorf("%d of %d writes completed", called, rounds)
	}
	done()
}

func allocWriteFuncTwo(t *testing.T, l *uvgo.Loop) {
	msg := make([]byte, 32)
	written := func(error) {}
	round, done := echoed(t, l, func(c *handles.TCP) error { return c.WriteFunc(written, msg, msg) })
	steady(t, round)
	done()
}

func allocTimerStartStop(t *testing.T, l *uvgo.Loop) {
	tm := uvtest.Must(l.NewTimer())
	fn := func() {}
	steady(t, func() {
		for range 10 {
			uvtest.Check(t, tm.Start(time.Hour, time.Second, fn))
			uvtest.Check(t, tm.Again())
			uvtest.Check(t, tm.Stop())
		}
		looptest.TurnNoWait(t, l)
	})
	uvtest.CloseAll(t, tm)
}

func allocTimerFires(t *testing.T, l *uvgo.Loop) {
	tm := uvtest.Must(l.NewTimer())
	fired := 0
	fn := func() { fired++ }
	steady(t, func() {
		before := fired
		uvtest.Check(t, tm.Start(0, 0, fn))
		for fired == before {
			looptest.TurnOnce(t, l)
		}
	})
	uvtest.CloseAll(t, tm)
}

func allocPost(t *testing.T, l *uvgo.Loop) {
	ran := 0
	inner := func() { ran++ }
	outer := func() { uvtest.Check(t, l.Post(inner)) }
	steady(t, func() {
		before := ran
		uvtest.Check(t, l.Post(outer))
		for ran == before {
			looptest.TurnNoWait(t, l)
		}
	})
}

func allocPostOutside(t *testing.T, l *uvgo.Loop) {
	hold := uvtest.Must(l.NewAsync(nil)) // so that the loop waits
	ran := 0
	fn := func() { ran++ }
	ask, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stop)
		for range ask {
			if err := l.Post(fn); err != nil {
				t.Error(err)
			}
		}
	}()
	steady(t, func() {
		before := ran
		ask <- struct{}{}
		for ran == before {
			looptest.TurnOnce(t, l)
		}
	})
	close(ask)
	<-stop
	uvtest.CloseAll(t, hold)
}

func allocAsync(t *testing.T, l *uvgo.Loop) {
	ran := 0
	a := uvtest.Must(l.NewAsync(func() { ran++ }))
	steady(t, func() {
		before := ran
		uvtest.Check(t, a.Send())
		uvtest.Check(t, a.Send())
		looptest.TurnOnce(t, l)
		if ran != before+1 {
			t.Fatalf("two sends make %d calls", ran-before)
		}
	})
	uvtest.CloseAll(t, a)
}

func allocPhases(t *testing.T, l *uvgo.Loop) {
	idle, prepare, c := uvtest.Must(l.NewIdle()), uvtest.Must(l.NewPrepare()), uvtest.Must(l.NewCheck())
	ran := 0
	fn := func() { ran++ }
	steady(t, func() {
		before := ran
		uvtest.Check(t, idle.Start(fn))
		uvtest.Check(t, prepare.Start(fn))
		uvtest.Check(t, c.Start(fn))
		looptest.TurnOnce(t, l)
		uvtest.Check(t, idle.Stop())
		uvtest.Check(t, prepare.Stop())
		uvtest.Check(t, c.Stop())
		if ran != before+3 {
			t.Fatalf("%d callbacks ran, want 3", ran-before)
		}
	})
	uvtest.CloseAll(t, idle, prepare, c)
}

func allocReadStopStart(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	msg, got := make([]byte, 64), 0
	read := func(p []byte, err error) { got += len(p) }
	steady(t, func() {
		got = 0
		uvtest.Check(t, b.ReadStart(read))
		if _, err := a.Write(msg); err != nil {
			t.Fatal(err)
		}
		for got < len(msg) {
			looptest.TurnOnce(t, l)
		}
		uvtest.Check(t, b.ReadStop())
	})
	uvtest.CloseAll(t, a, b)
}

func allocQuestions(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	tm := uvtest.Must(l.NewTimer())
	uvtest.Check(t, tm.Start(time.Hour, 0, func() {}))
	msg := make([]byte, 1)
	uvtest.Check(t, b.ReadStart(func([]byte, error) {}))
	steady(t, func() {
		if !a.Readable() || !a.Writable() || a.WriteQueueSize() != 0 || a.Buffered() != 0 || tm.DueIn() == 0 || !l.Alive() {
			t.Fatal("a wrong answer")
		}
		if _, err := a.TryWrite(msg); err != nil {
			t.Fatal(err)
		}
		looptest.TurnNoWait(t, l)
	})
	uvtest.CloseAll(t, a, b, tm)
}

func allocRef(t *testing.T, l *uvgo.Loop) {
	tm := uvtest.Must(l.NewTimer())
	uvtest.Check(t, tm.Start(time.Hour, 0, func() {}))
	steady(t, func() {
		tm.Unref()
		tm.Ref()
		uvtest.Check(t, tm.SetRepeat(time.Minute))
		looptest.TurnNoWait(t, l)
	})
	uvtest.CloseAll(t, tm)
}

func allocDrain(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	uvtest.Check(t, a.SetWatermarks(100, 1000))
	uvtest.Check(t, b.ReadStart(func([]byte, error) {}))
	msg, drained := make([]byte, 2000), 0
	a.OnDrain(func() { drained++ })
	steady(t, func() {
		uvtest.Must(a.Write(msg))
		if !a.Full() {
			t.Error("not full above the high watermark")
		}
		for was := drained; drained == was; {
			looptest.TurnOnce(t, l)
		}
	})
	uvtest.CloseAll(t, a, b)
}

func allocBlockedWrites(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	const size = 8 << 20
	msg, got := make([]byte, size), 0
	uvtest.Check(t, b.ReadStart(func(p []byte, err error) { got += len(p) }))
	blocked, written := false, 0
	done := func(error) { written++ }
	round := func() {
		got, written = 0, 0
		uvtest.Check(t, a.WriteFunc(done, msg))
		blocked = blocked || a.WriteQueueSize() > 0
		for got < size || written < 1 {
			looptest.TurnOnce(t, l)
		}
	}
	for range 5 {
		round()
	}
	if n := testing.AllocsPerRun(20, round); n != 0 {
		t.Errorf("%v allocations each time, want none", n)
	}
	if !blocked {
		t.Error("no write was ever queued: the test shows nothing")
	}
	uvtest.CloseAll(t, a, b)
}

// allocFSEvent: the name is the same each time.
func allocFSEvent(t *testing.T, l *uvgo.Loop) {
	f := uvtest.Must(os.Create(filepath.Join(t.TempDir(), "file")))
	defer f.Close()
	fd, one, n := int(f.Fd()), []byte("x"), 0
	w := uvtest.Must(l.NewFSEvent())
	uvtest.Check(t, w.Start(f.Name(), 0, func(string, handles.FSEventKind, error) { n++ }))
	steady(t, func() {
		unix.Write(fd, one)
		for before := n; n == before; {
			l.RunOnce()
		}
	})
	uvtest.Check(t, w.Close())
}
