package bubble

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestBubbled: a goroutine knows whether it is in a bubble of testing/synctest, and
// the real time in either.
func TestBubbled(t *testing.T) {
	if Bubbled() {
		t.Error("the test is in a bubble")
	}
	before := Monotonic()
	if before <= 0 || before > lifetime {
		t.Errorf("the process is %v old", before)
	}
	synctest.Test(t, func(t *testing.T) {
		for _, years := range []time.Duration{0, 1, 5, 100} {
			if time.Sleep(years * 365 * 24 * time.Hour); !Bubbled() {
				t.Errorf("not in a bubble after %d years", years)
			}
			now := Monotonic()
			if (now - before).Abs() > time.Hour {
				t.Errorf("the clock went from %v to %v", before, now)
			}
			before = now
		}
		go func() {
			if !Bubbled() {
				t.Error("a goroutine of the bubble does not know it")
			}
		}()
	})
	if now := Monotonic(); now < before || now-before > time.Hour {
		t.Errorf("the clock went from %v to %v", before, now)
	}
}

// TestGo: a goroutine that a bubble starts is outside of it, and so are the channels
// of NewWake: hundreds at once.
func TestGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		for range 300 {
			wg.Go(func() {
				w := NewWake()
				inside := true
				Go(func() {
					inside = Bubbled()
					runtime.Gosched()
					w <- struct{}{}
				})
				if <-w; inside {
					t.Error("the goroutine is in the bubble")
				}
			})
		}
		wg.Wait()
	})
	ran := NewWake()
	Go(func() { ran <- struct{}{} })
	<-ran
}
