package uvgo_test

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestRunOnceWaitsForAnEvent runs one turn of a loop whose only work is a
// descriptor that nobody has polled yet.
func TestRunOnceWaitsForAnEvent(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		r, w, err := os.Pipe()
		uvtest.Check(t, err)
		defer r.Close()
		defer w.Close()
		p, err := l.NewPipe()
		uvtest.Check(t, err)
		defer p.Close()
		uvtest.Check(t, p.Open(r.Fd()))
		got := 0
		uvtest.Check(t, p.ReadStart(func(b []byte, err error) { got += len(b) }))
		wrote := make(chan bool)
		go func() {
			time.Sleep(10 * time.Millisecond) // by then the turn waits, or has ended too early
			w.Write([]byte("x"))
			close(wrote)
		}()
		_, err = l.RunOnce()
		if err != nil || got != 1 {
			t.Errorf("RunOnce ended with %d bytes read, %v", got, err)
		}
		<-wrote
	})
}

// TestRunOnceForgetsOldDeadlines stops a timer whose due time passes before the
// next turn waits.
func TestRunOnceForgetsOldDeadlines(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		timer, err := l.NewTimer()
		uvtest.Check(t, err)
		defer timer.Close()
		calls := 0
		async, err := l.NewAsync(func() { calls++ })
		uvtest.Check(t, err)
		defer async.Close()
		uvtest.Check(t, async.Send())
		_, err = l.RunOnce() // libuv knows its descriptors
		uvtest.Check(t, err)

		uvtest.Check(t, timer.Start(50*time.Millisecond, 0, func() { t.Error("the timer fired") }))
		go async.Send()
		for calls == 1 {
			_, err = l.RunOnce()
			uvtest.Check(t, err)
		}
		uvtest.Check(t, timer.Stop())
		for start := time.Now(); time.Since(start) < 60*time.Millisecond; {
		}
		sent := make(chan bool)
		go func() {
			time.Sleep(10 * time.Millisecond) // by then the turn waits, or has ended too early
			async.Send()
			close(sent)
		}()
		_, err = l.RunOnce()
		if err != nil || calls != 3 {
			t.Errorf("RunOnce ended after %d calls, %v", calls, err)
		}
		<-sent
	})
}

// TestRunSurvivesGoexit runs a loop again whose callback ended its goroutine.
func TestRunSurvivesGoexit(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		ran := 0
		uvtest.Check(t, l.Post(func() { ran++ }))
		uvtest.Check(t, l.Post(func() { runtime.Goexit() }))
		uvtest.Check(t, l.Post(func() { ran++ }))
		idle, err := l.NewIdle()
		uvtest.Check(t, err)
		uvtest.Check(t, idle.Start(func() {
			idle.Close()
			runtime.Goexit()
		}))
		for range 2 { // one ends in the posted function, one in the idle callback
			done := make(chan error, 1)
			go func() {
				defer close(done)
				done <- l.Run(context.Background())
			}()
			if err, returned := <-done; returned {
				t.Fatalf("Run returned %v", err)
			}
		}
		looptest.Run(t, l)
		if ran != 2 {
			t.Errorf("%d posted functions ran, want 2", ran)
		}
	})
}
