package libuv

import (
	"errors"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"threadpool_cancel_single":    kit.PerLoop(testThreadpoolCancelSingle),
		"threadpool_cancel_when_busy": kit.PerLoop(testThreadpoolCancelWhenBusy),
	})
}

// testThreadpoolCancelSingle: behind works that occupy the pool, a work is
// cancelled; it never runs, and completes once, as soon as the loop turns.
func testThreadpoolCancelSingle(t *testing.T, l *uvgo.Loop) {
	gate := make(chan struct{})
	n := requests.WorkLimit()
	waiting := 0
	for range n {
		uvtest.Must(requests.StartWork(l, func() error { <-gate; return nil }, func(err error) {
			uvtest.Check(t, err)
			waiting++
		}))
	}
	calls := 0
	w := uvtest.Must(requests.StartWork(l, func() error {
		t.Error("a cancelled work ran")
		return nil
	}, func(err error) {
		calls++
		if !errors.Is(err, uv.ECANCELED) {
			t.Errorf("done got %v", err)
		}
		close(gate)
	}))
	uvtest.Check(t, w.Cancel())
	if calls != 0 {
		t.Error("done ran inside Cancel")
	}
	if err := w.Cancel(); !errors.Is(err, uv.EBUSY) {
		t.Errorf("second cancel: %v", err)
	}
	looptest.Run(t, l)
	if calls != 1 || waiting != n {
		t.Errorf("the cancelled work is done %d times, %d of %d others are", calls, waiting, n)
	}
}

// testThreadpoolCancelWhenBusy: a work that runs goes on, and completes without
// an error.
func testThreadpoolCancelWhenBusy(t *testing.T, l *uvgo.Loop) {
	started, gate := make(chan struct{}), make(chan struct{})
	calls := 0
	w := uvtest.Must(requests.StartWork(l, func() error {
		close(started)
		<-gate
		return nil
	}, func(err error) {
		uvtest.Check(t, err)
		calls++
	}))
	<-started
	if err := w.Cancel(); !errors.Is(err, uv.EBUSY) {
		t.Errorf("cancel of a running work: %v", err)
	}
	if calls != 0 || !l.Alive() {
		t.Error("a running work does not keep the loop alive")
	}
	close(gate)
	looptest.Run(t, l)
	if err := w.Cancel(); calls != 1 || !errors.Is(err, uv.EBUSY) {
		t.Errorf("done %d times, then cancel: %v", calls, err)
	}
}
