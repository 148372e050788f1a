package libuv

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{
		"we_get_signal_one_shot":  kit.PerLoop(testSignalOneShot),
		"signal_multiple_loops":   kit.PerParking(testSignalMultipleLoops),
		"signal_pending_on_close": kit.PerLoop(testSignalPendingOnClose),
		"signal_close_loop_alive": kit.PerLoop(testSignalCloseLoopAlive),
	})
}

func testSignalOneShot(t *testing.T, l *uvgo.Loop) {
	std := kit.Notified(t, kit.SigUsed)
	s := uvtest.Must(l.NewSignal())
	defer s.Close()
	calls := 0
	got := func(sig os.Signal) {
		if sig != kit.SigUsed {
			t.Errorf("the callback got %v", sig)
		}
		calls++
	}
	expect := func(want int, active bool, when string) {
		t.Helper()
		if calls != want || s.Active() != active || l.Alive() != active {
			t.Errorf("%s: %d calls, active %t, loop alive %t; want %d, %t", when, calls, s.Active(), l.Alive(), want, active)
		}
		calls = 0
	}
	for range 2 { // it can be started again
		uvtest.Check(t, s.StartOneshot(kit.SigUsed, got))
		expect(0, true, "started")
		kit.Raise(kit.SigUsed)
		kit.Raise(kit.SigUsed) // one turn brings both
		looptest.Run(t, l)
		expect(1, false, "two signals")
		kit.Raise(kit.SigUsed)
		looptest.TurnNoWait(t, l)
		expect(0, false, "a signal when it is over")
	}

	// Changing from once to ever, also on a handle that has been oneshot.
	uvtest.Check(t, s.StartOneshot(kit.SigUsed, got))
	uvtest.Check(t, s.Start(kit.SigUsed, got))
	for range 3 {
		kit.Raise(kit.SigUsed)
		looptest.TurnOnce(t, l)
		expect(1, true, "no longer oneshot")
	}
	uvtest.Check(t, s.StartOneshot(kit.SigUsed, got))
	kit.Raise(kit.SigUsed)
	kit.Raise(kit.SigUsed)
	looptest.TurnOnce(t, l)
	expect(1, false, "oneshot again")

	// Started for good inside the callback of its only shot, without a reference.
	uvtest.Check(t, s.StartOneshot(kit.SigUsed, func(sig os.Signal) {
		got(sig)
		s.Unref()
		uvtest.Check(t, s.Start(kit.SigUsed, got))
	}))
	kit.Raise(kit.SigUsed)
	looptest.TurnOnce(t, l)
	looptest.TurnNoWait(t, l) // what the handle was before closes
	if calls != 1 || !s.Active() || s.HasRef() || l.Alive() {
		t.Errorf("restarted: %d calls, active %t, reference %t, loop alive %t", calls, s.Active(), s.HasRef(), l.Alive())
	}
	s.Ref()
	calls = 0
	for range 2 {
		kit.Raise(kit.SigUsed)
		looptest.TurnOnce(t, l)
		expect(1, true, "started in its only shot")
	}
	uvtest.Check(t, s.Stop())

	// One handle's only shot leaves the others alone.
	other := uvtest.Must(l.NewSignal())
	others := uvtest.NewCounter(t, "the other handle's callback", 4)
	uvtest.Check(t, other.Start(kit.SigUsed, kit.IgnoreSignal(others.Inc)))
	uvtest.Check(t, s.StartOneshot(kit.SigUsed, got))
	for range 4 {
		kit.Raise(kit.SigUsed)
		looptest.TurnOnce(t, l)
	}
	other.Close()
	looptest.Run(t, l)
	expect(1, false, "beside another handle")
	<-std // os/signal merges what comes quickly, but it had its share
}

func testSignalMultipleLoops(t *testing.T, park uvgo.Option) {
	const handling, creating = 24, 8 // handling: a multiple of three
	var usr1, usr2 atomic.Int64
	var stop atomic.Bool
	ready := make(chan bool, handling)
	var handlers, creators sync.WaitGroup
	for range creating {
		creators.Go(func() {
			for made := 0; made == 0 || !stop.Load(); made++ {
				if err := briefSignalLoop(park); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range handling {
		handlers.Go(func() {
			w := signalWorker{ready: ready}
			if i%3 != 1 {
				w.watch(syscall.SIGUSR1, &usr1)
				w.watch(syscall.SIGUSR1, &usr1)
			}
			if i%3 != 0 {
				w.watch(syscall.SIGUSR2, &usr2)
			}
			if err := w.run(park); err != nil {
				t.Error(err)
			}
		})
	}
	for range 2 {
		for range handling {
			<-ready
		}
		uvtest.Check(t, syscall.Kill(os.Getpid(), syscall.SIGUSR1))
		uvtest.Check(t, syscall.Kill(os.Getpid(), syscall.SIGUSR2))
	}
	handlers.Wait()
	stop.Store(true)
	creators.Wait()
	const group = handling / 3
	if usr1.Load() != 8*group || usr2.Load() != 4*group {
		t.Errorf("%d and %d callbacks, want %d and %d", usr1.Load(), usr2.Load(), 8*group, 4*group)
	}
}

// briefSignalLoop makes a loop that begins to watch a signal, and closes it.
func briefSignalLoop(park uvgo.Option) error {
	l, err := uvgo.New(park)
	if err != nil {
		return err
	}
	s := uvtest.Must(l.NewSignal())
	unexpected := func(os.Signal) { panic("a signal that nobody sent") }
	err = errors.Join(s.Start(syscall.SIGTERM, unexpected), s.Close(), l.Run(context.Background()))
	return errors.Join(err, l.Close())
}

// A signalWorker watches signals on a loop of its own, each until it has come,
// twice.
type signalWorker struct {
	ready   chan<- bool // told when all are watched
	watched []watchedSignal
}

type watchedSignal struct {
	sig   syscall.Signal
	count *atomic.Int64
	*handles.Signal
}

func (w *signalWorker) watch(sig syscall.Signal, count *atomic.Int64) {
	w.watched = append(w.watched, watchedSignal{sig: sig, count: count})
}

func (w *signalWorker) run(park uvgo.Option) error {
	l, err := uvgo.New(park)
	if err != nil {
		return err
	}
	for i := range w.watched {
		w.watched[i].Signal = uvtest.Must(l.NewSignal())
	}
	for range 2 {
		for _, s := range w.watched {
			err = errors.Join(err, s.Start(s.sig, func(got os.Signal) {
				if got == s.sig {
					s.count.Add(1)
				}
				_ = s.Stop()
			}))
		}
		w.ready <- true
		err = errors.Join(err, l.Run(context.Background()))
	}
	for _, s := range w.watched {
		s.Close()
	}
	return errors.Join(err, l.Run(context.Background()), l.Close())
}

func testSignalPendingOnClose(t *testing.T, l *uvgo.Loop) {
	kit.Notified(t, kit.SigUsed)
	calls := uvtest.NewCounter(t, "signal callback", 0)
	closed := uvtest.NewCounter(t, "close callback", 3)
	prepare := uvtest.Must(l.NewPrepare())
	var order kit.Journal
	for range 3 {
		s := uvtest.Must(l.NewSignal())
		uvtest.Check(t, s.Start(kit.SigUsed, kit.IgnoreSignal(calls.Inc)))
		s.OnClose(func() {
			closed.Inc()
			order.Add("closed")
		})
		// The signal is trapped, not delivered; in the turn that brings it the
		// handle is closing.
		uvtest.Check(t, prepare.Start(func() {
			uvtest.Check(t, prepare.Stop())
			kit.Raise(kit.SigUsed)
			kit.Raise(kit.SigUsed)
			s.Close()
			order.Add("prepare")
		}))
		looptest.Run(t, l)
		order.Want(t, "prepare", "closed")
	}
	prepare.Close()
}

func testSignalCloseLoopAlive(t *testing.T, l *uvgo.Loop) {
	kit.Notified(t, kit.SigUsed)
	calls := uvtest.NewCounter(t, "signal callback", 0)
	s := uvtest.Must(l.NewSignal())
	uvtest.Check(t, s.Start(kit.SigUsed, kit.IgnoreSignal(calls.Inc)))
	s.Unref()
	kit.Raise(kit.SigUsed)
	looptest.Run(t, l) // nothing to do: the signal stays trapped
	closed := 0
	s.OnClose(func() { closed++ })
	s.Close()
	if !l.Alive() {
		t.Error("a closing signal handle does not keep the loop alive")
	}
	if looptest.Run(t, l); closed != 1 {
		t.Errorf("%d close callbacks", closed)
	}
}
