package cuv

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestBusyPollDoesNotSleep counts how often the kernel puts the thread to sleep in
// a turn that waits.
func TestBusyPollDoesNotSleep(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l, rc := NewLoop(1<<16, 1<<16, 64)
	if rc != 0 {
		t.Fatal(ErrName(rc))
	}
	l.Hold(true)
	sleeps := func() int64 {
		var ru unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_THREAD, &ru); err != nil {
			t.Fatal(err)
		}
		return ru.Nvcsw
	}
	for _, d := range []time.Duration{0, time.Minute} {
		l.SetBusyPoll(d)
		slept := int64(-1)
		for range 100 {
			woken := make(chan struct{})
			time.AfterFunc(5*time.Millisecond, func() {
				l.Wake()
				close(woken)
			})
			before := sleeps()
			l.Turn(RunOnce, false)
			n := sleeps() - before
			waited := l.Waited()
			<-woken
			if waited > time.Millisecond { // else the wake-up was here before the wait
				slept = n
				break
			}
		}
		if slept < 0 || (slept == 0) != (d != 0) {
			t.Errorf("looking for %v, the thread slept %d times", d, slept)
		}
		if l.Turn(RunNoWait, false); l.Waited() != 0 {
			t.Errorf("a turn that does not wait waited %v", l.Waited())
		}
	}
	l.Hold(false)
	if rc := l.Close(); rc != 0 {
		t.Fatal(ErrName(rc))
	}
	l.Free()
}
