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

// parkings names the ways of waiting for subtests.
var parkings = map[string]uvgo.Parking{"thread": uvgo.ParkThread, "goroutine": uvgo.ParkGoroutine}

// eachParking runs body as a subtest for each way of waiting.
func eachParking(t *testing.T, body func(t *testing.T, l *uvgo.Loop), opts ...uvgo.Option) {
	for name, p := range parkings {
		t.Run(name, func(t *testing.T) {
			uvtest.Watchdog(t, 2*time.Minute)
			body(t, looptest.New(t, append(opts, uvgo.WithParking(p))...))
		})
	}
}

// check ends the test if err is not nil.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRunOnceWaitsForAnEvent runs one turn of a loop whose only work is a
// descriptor that nobody has polled yet.
func TestRunOnceWaitsForAnEvent(t *testing.T) {
	eachParking(t, func(t *testing.T, l *uvgo.Loop) {
		r, w, err := os.Pipe()
		check(t, err)
		defer r.Close()
		defer w.Close()
		p, err := l.NewPipe()
		check(t, err)
		defer p.Close()
		check(t, p.Open(r.Fd()))
		got := 0
		check(t, p.ReadStart(func(b []byte, err error) { got += len(b) }))
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
	eachParking(t, func(t *testing.T, l *uvgo.Loop) {
		timer, err := l.NewTimer()
		check(t, err)
		defer timer.Close()
		calls := 0
		async, err := l.NewAsync(func() { calls++ })
		check(t, err)
		defer async.Close()
		check(t, async.Send())
		_, err = l.RunOnce() // libuv knows its descriptors
		check(t, err)

		check(t, timer.Start(50*time.Millisecond, 0, func() { t.Error("the timer fired") }))
		go async.Send()
		for calls == 1 {
			_, err = l.RunOnce()
			check(t, err)
		}
		check(t, timer.Stop())
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
	eachParking(t, func(t *testing.T, l *uvgo.Loop) {
		ran := 0
		check(t, l.Post(func() { ran++ }))
		check(t, l.Post(func() { runtime.Goexit() }))
		check(t, l.Post(func() { ran++ }))
		idle, err := l.NewIdle()
		check(t, err)
		check(t, idle.Start(func() {
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
