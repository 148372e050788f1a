package uvgo_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// elsewhere runs fn on another goroutine and waits for it.
func elsewhere(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

func TestRunningLoopRefusesOtherGoroutines(t *testing.T) {
	looptest.OnlyWithOwners(t)
	var log bytes.Buffer
	l := looptest.New(t, uvgo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	// These any goroutine may call; those that run the loop say that it runs.
	foreign := []string{"Block", "Post", "PostContext", "Stop", "Core", "Stats", "IdleTime", "BackendFD"}
	running := []string{"Run", "RunOnce", "RunNoWait", "Shutdown", "Close"}
	uvtest.Check(t, l.Post(func() {
		elsewhere(func() {
			for _, c := range uvtest.Methods(l, func(name string) bool { return slices.Contains(foreign, name) || name == "Walk" }) {
				want := uv.ErrNotOwner
				if slices.Contains(running, c.Name) {
					want = uv.ErrRunning
				}
				switch {
				case c.Panic != nil:
					t.Errorf("%s panics: %v", c.Name, c.Panic)
				case c.Name == "WriteHandles": // finds none
				case c.Fails && !errors.Is(c.Err, want):
					t.Errorf("%s: error %v, want %v", c.Name, c.Err, want)
				}
			}
			for h := range l.Walk() {
				t.Errorf("Walk yields a %s", h.Kind())
			}
			if l.Now() != 0 || l.Alive() {
				t.Error("another goroutine gets an answer")
			}
		})
	}))
	tick, err := l.AfterFunc(0, func() {})
	uvtest.Check(t, err)
	uvtest.Check(t, l.Run(context.Background()))
	if !tick.Closing() {
		t.Error("the timer did not run")
	}
	for _, call := range []string{"loop now", "loop alive", "loop walk", "loop update time", "loop backend timeout"} {
		if n := strings.Count(log.String(), `call="`+call+`"`); n != 1 {
			t.Errorf("%s is logged %d times:\n%s", call, n, &log)
		}
	}
}

// Goroutines that main starts would otherwise use the loop beside it.
func TestRunKeepsTheLoopFromOtherGoroutinesInMain(t *testing.T) {
	looptest.OnlyWithOwners(t)
	uvtest.Check(t, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		elsewhere(func() {
			if _, err := l.NewTimer(); !errors.Is(err, uv.ErrNotOwner) {
				t.Errorf("a timer made on another goroutine: %v", err)
			}
		})
		_, err := l.AfterFunc(0, func() {})
		return err
	}))
}

func TestLoopsWhoseCallbacksNestBelongToOneGoroutine(t *testing.T) {
	outer, inner := looptest.New(t), looptest.New(t)
	var tm *handles.Timer
	ran := 0
	uvtest.Check(t, outer.Post(func() {
		_, err := inner.AfterFunc(0, func() {
			ran++
			made, err := outer.AfterFunc(0, func() { ran++ })
			uvtest.Check(t, err)
			tm = made
		})
		uvtest.Check(t, err)
		uvtest.Check(t, inner.Run(context.Background()))
		uvtest.Check(t, tm.Stop())
		uvtest.Check(t, tm.Start(0, 0, func() { ran++; uvtest.Check(t, tm.Close()) }))
	}))
	uvtest.Check(t, outer.Run(context.Background()))
	if ran != 2 {
		t.Errorf("%d callbacks ran", ran)
	}
}
