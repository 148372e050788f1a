package tests

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// bg is the context of runs that nothing cancels; a watchdog ends those that
// hang.
var bg = context.Background()

// must unwraps a result of a call that cannot fail in a test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// check ends the test if err is not nil.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eachParking makes a test that runs body as a subtest for each way a loop can
// wait, with a watchdog.
func eachParking(body func(t *testing.T, park uvgo.Option)) func(*testing.T) {
	return func(t *testing.T) {
		for _, p := range []struct {
			name string
			way  uvgo.Parking
		}{{"thread", uvgo.ParkThread}, {"goroutine", uvgo.ParkGoroutine}} {
			t.Run(p.name, func(t *testing.T) {
				uvtest.Watchdog(t, 2*time.Minute)
				body(t, uvgo.WithParking(p.way))
			})
		}
	}
}

// onEachLoop is eachParking with a fresh loop, which the test must leave clean.
func onEachLoop(body func(t *testing.T, l *uvgo.Loop)) func(*testing.T) {
	return eachParking(func(t *testing.T, park uvgo.Option) { body(t, looptest.New(t, park)) })
}

// A journal records what ran, in order. It belongs to the loop's goroutine.
type journal struct{ lines []string }

// add records one line.
func (j *journal) add(line string) { j.lines = append(j.lines, line) }

// note returns a callback that records the line.
func (j *journal) note(line string) func() { return func() { j.add(line) } }

// want fails the test unless exactly these lines were recorded, and forgets
// them.
func (j *journal) want(t testing.TB, lines ...string) {
	t.Helper()
	if diff := cmp.Diff(lines, j.lines); diff != "" && len(lines)+len(j.lines) > 0 {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	j.lines = nil
}

// wantSet is want in any order.
func (j *journal) wantSet(t testing.TB, lines ...string) {
	t.Helper()
	slices.Sort(lines)
	slices.Sort(j.lines)
	j.want(t, lines...)
}

// turnOnce runs one turn that may block.
func turnOnce(t testing.TB, l *uvgo.Loop) (alive bool) {
	t.Helper()
	alive, err := l.RunOnce()
	check(t, err)
	return alive
}

// turnNoWait runs one turn that does not block.
func turnNoWait(t testing.TB, l *uvgo.Loop) (alive bool) {
	t.Helper()
	alive, err := l.RunNoWait()
	check(t, err)
	return alive
}

// spin keeps the goroutine busy for d at least.
func spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}
