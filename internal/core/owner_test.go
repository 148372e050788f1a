package core

import (
	"bytes"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/goroutine"
	"github.com/uvgo/uvgo/uv"
)

// elsewhere runs fn on another goroutine and waits for it.
func elsewhere[T any](fn func() T) T {
	result := make(chan T)
	go func() { result <- fn() }()
	return <-result
}

func TestLoopBelongsToTheGoroutineThatRunsIt(t *testing.T) {
	for _, debug := range []bool{false, true} {
		c := newCore(t, Config{Debug: debug})
		check := func() error { return c.Check("timer start") }
		wait := func() error { return c.CheckWait("wait") }
		if check() != nil || elsewhere(check) != nil || wait() != nil || elsewhere(wait) != nil {
			t.Error("a call while the loop does not run is refused")
		}
		if err := c.Begin("test"); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(check(), elsewhere(wait)); err != nil {
			t.Errorf("a call that is right: %v", err)
		}
		if debug || goroutine.Cheap {
			if err := elsewhere(check); !errors.Is(err, uv.ErrNotOwner) || !strings.HasPrefix(err.Error(), "timer start: ") {
				t.Errorf("debug %t: a call from another goroutine: %v", debug, err)
			}
			if err := wait(); !errors.Is(err, uv.ErrInCallback) {
				t.Errorf("debug %t: a wait of the loop for itself: %v", debug, err)
			}
		}
		c.End()
		if err := errors.Join(elsewhere(check), wait()); err != nil {
			t.Errorf("a call after the run: %v", err)
		}
	}
}

func TestClaimedLoopBelongsToItsGoroutineBetweenRuns(t *testing.T) {
	c := newCore(t, Config{Debug: true})
	owned := func() bool { return elsewhere(c.Owned) }
	release := c.Claim()
	if owned() || !c.Owned() {
		t.Error("another goroutine may use a claimed loop")
	}
	if err := runOnce(t, c); err != nil {
		t.Fatal(err)
	}
	if owned() {
		t.Error("the end of a run ends the claim")
	}
	if !elsewhere(func() bool { // runs it, and so has it
		return c.Begin("test") == nil && c.Owned()
	}) {
		t.Error("another goroutine that runs a claimed loop may not use it")
	}
	c.End()
	release()
	if !owned() {
		t.Error("the loop belongs to somebody after the claim")
	}
}

// The goroutine's number is used again by the next: a run that ends must leave none.
func TestRunThatEndsInAnyWayLeavesNoOwner(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic":  func() { panic("no matter") },
		"Goexit": runtime.Goexit,
	} {
		c := newCore(t, Config{Debug: true})
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { _ = recover() }()
			if c.Begin("test") != nil {
				return
			}
			defer c.End()
			leave()
		}()
		<-done
		if c.owner.id.Load() != 0 {
			t.Errorf("%s: the loop still has an owner", name)
		}
	}
}

func TestCallsWithoutAnErrorComplainOnceEach(t *testing.T) {
	var log bytes.Buffer
	c := newCore(t, Config{Debug: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err := c.Begin("test"); err != nil {
		t.Fatal(err)
	}
	defer c.End()
	c.Hold()
	for range 3 {
		if elsewhere(func() bool { c.Hold(); c.Drop(); return c.Alive() }) || elsewhere(c.Now) != 0 {
			t.Error("another goroutine gets an answer")
		}
	}
	if !c.Alive() || c.life.held != 1 {
		t.Errorf("held %d times after another goroutine's Hold and Drop", c.life.held)
	}
	for _, call := range []string{"loop hold", "loop drop", "loop alive", "loop now"} {
		if n := strings.Count(log.String(), `call="`+call+`"`); n != 1 {
			t.Errorf("%s is logged %d times:\n%s", call, n, &log)
		}
	}
	c.Drop()
}

func TestOwnerCheckAllocatesNothing(t *testing.T) {
	c := newCore(t, Config{})
	if err := c.Begin("test"); err != nil {
		t.Fatal(err)
	}
	defer c.End()
	if n := testing.AllocsPerRun(100, func() { _ = c.Check("timer start") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkOwned(b *testing.B) {
	c, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.Begin("bench"); err != nil {
		b.Fatal(err)
	}
	defer c.End()
	for b.Loop() {
		if !c.Owned() {
			b.Fatal("not owned")
		}
	}
}
