package uvgo_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func newGroup(t *testing.T, n int, opts ...uvgo.Option) *uvgo.Group {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	g, err := uvgo.NewGroup(n, opts...)
	uvtest.Check(t, err)
	t.Cleanup(func() { uvtest.Check(t, g.Shutdown(bg)) })
	return g
}

// runGroup runs the group beside the test; the function waits for its end.
func runGroup(g *uvgo.Group, ctx context.Context) (wait func() error) {
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	return sync.OnceValue(func() error { return <-done })
}

func TestGroupRunsItsLoops(t *testing.T) {
	for name, p := range looptest.Parkings {
		t.Run(name, func(t *testing.T) {
			g := newGroup(t, 3, uvgo.WithParking(p))
			wait := runGroup(g, bg)
			var ran sync.WaitGroup // each loop waits for the others: they run at once
			ran.Add(3)
			for range 3 {
				uvtest.Check(t, g.Next().Post(func() {
					ran.Done()
					ran.Wait()
				}))
			}
			ran.Wait()
			if err := g.Run(bg); !errors.Is(err, uv.ErrRunning) {
				t.Errorf("a second Run: %v", err)
			}
			uvtest.Check(t, g.Shutdown(bg))
			if err := wait(); err != nil {
				t.Errorf("Run after Shutdown: %v", err)
			}
			if err := g.Next().Post(func() {}); !errors.Is(err, uv.ErrClosed) {
				t.Errorf("Post after Shutdown: %v", err)
			}
		})
	}
}

func TestGroupTakesTurns(t *testing.T) {
	g := newGroup(t, 3)
	if len(g.Loops()) != 3 {
		t.Fatalf("%d loops", len(g.Loops()))
	}
	for i := range 9 {
		if g.Next() != g.Loops()[i%3] {
			t.Errorf("Next %d is not loop %d", i, i%3)
		}
	}
	if n := len(newGroup(t, 0).Loops()); n != runtime.GOMAXPROCS(0) {
		t.Errorf("a group of 0 has %d loops", n)
	}
}

func TestGroupEndsWithItsContext(t *testing.T) {
	g := newGroup(t, 2)
	for range 2 { // and can run again
		ctx, cancel := context.WithCancel(bg)
		wait := runGroup(g, ctx)
		uvtest.Check(t, g.Loops()[1].Post(cancel))
		if err := wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	}
}

func TestGroupEndsWithTheFirstFailure(t *testing.T) {
	g := newGroup(t, 3)
	boom := errors.New("boom")
	wait := runGroup(g, bg)
	uvtest.Check(t, g.Loops()[2].Post(func() { panic(boom) }))
	if err := wait(); !errors.Is(err, boom) {
		t.Errorf("Run: %v", err)
	}
	wait = runGroup(g, bg)
	var again sync.WaitGroup
	for _, l := range g.Loops() {
		again.Add(1)
		uvtest.Check(t, l.Post(again.Done))
	}
	again.Wait()
	uvtest.Check(t, g.Shutdown(bg))
	if err := wait(); err != nil {
		t.Errorf("the run after it: %v", err)
	}
}

func TestGroupShutdownMayComeFirst(t *testing.T) {
	for range 50 {
		g := newGroup(t, 2)
		wait := runGroup(g, bg)
		uvtest.Check(t, g.Shutdown(bg))
		if err := wait(); err != nil && !errors.Is(err, uv.ErrClosed) {
			t.Errorf("Run: %v", err)
		}
		if err := g.Run(bg); !errors.Is(err, uv.ErrClosed) {
			t.Errorf("Run after Shutdown: %v", err)
		}
	}
}

func TestGroupRunReturnsTheErrorOfItsContext(t *testing.T) {
	g, err := uvgo.NewGroup(2)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("why"))
	if err := g.Run(ctx); err != context.Canceled {
		t.Errorf("Run: %v", err)
	}
	if err := g.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}
