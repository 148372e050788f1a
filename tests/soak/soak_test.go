package soak

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// growth is how much more memory the process may hold at the end than after the warm-up.
const growth = 16 << 20

// heapGrowth is the same for what is alive in Go's heap, which does not depend on how often operations ran.
const heapGrowth = 1 << 20

// TestSoak draws operations at random for the duration. After each epoch everything is closed, and the process must hold what
// it held before: descriptors, goroutines, loops, C allocations, and its memory but for a bound.
func TestSoak(t *testing.T) {
	list := chosen(*only)
	t.Logf("seed %d: rerun with -seed %d", *seed, *seed)
	warmUp(t, list)
	live(t, list, 0, min(*duration/10, 15*time.Second)) // malloc's arenas get their size under load, not by single operations
	before := held()
	rss, heap := resident(), goHeap()
	deadline := time.Now().Add(*duration)
	for n := uint64(1); time.Now().Before(deadline) && !t.Failed(); n++ {
		live(t, list, n, min(*epoch, time.Until(deadline)))
		before.compare(t, n)
	}
	now := resident()
	t.Logf("resident memory: %d KiB after the warm-up, %d KiB at the end; C allocations: %d, %d; descriptors %d, goroutines %d",
		rss>>10, now>>10, before.allocations, cuv.Allocations(), uvtest.FDs(), runtime.NumGoroutine())
	if now > rss+growth && !uvtest.Instrumented {
		t.Errorf("resident memory grew from %d to %d KiB, more than %d (seed %d)", rss>>10, now>>10, growth>>10, *seed)
	}
	if now := goHeap(); now > heap+heapGrowth {
		t.Errorf("Go's live heap grew from %d to %d KiB, more than %d (seed %d)", heap>>10, now>>10, heapGrowth>>10, *seed)
	}
	for _, a := range list {
		if a.ops.Load() == 0 {
			t.Errorf("%s has done nothing", a.name)
		}
		for what, n := range a.owed {
			t.Errorf("%s: %d times %s has not come", a.name, n, what)
		}
	}
	if !*quiet {
		t.Logf("totals\n%s", report(list))
	}
}

// A holding is what the process has between two epochs.
type holding struct {
	state       uvtest.State
	allocations int64
	loops       int
}

func held() holding { return holding{uvtest.Snapshot(), cuv.Allocations(), core.OpenLoops()} }

// compare reports what the process has and before has not. uvnet keeps the pipes of its copies for up to two seconds.
func (before holding) compare(t testing.TB, epoch uint64) {
	var all []string
	for began := time.Now(); ; {
		all = before.state.Settle(same("loops", before.loops, core.OpenLoops), same("C allocations", before.allocations, cuv.Allocations))
		if len(all) == 0 || time.Since(began) > patience {
			break
		}
	}
	for _, left := range all {
		t.Errorf("epoch %d leaves behind: %s (seed %d)", epoch, left, *seed)
	}
}

// warmUp makes what the process keeps: libuv's threads, Go's own descriptors, the loops of uvnet's default group, the pages of
// malloc's arenas. Each actor acts.
func warmUp(t testing.TB, list []*actor) {
	for round := range uint64(2) {
		w := newWorld(t)
		var all sync.WaitGroup
		for i, a := range list {
			all.Go(func() { w.op(a, newRand(0, round<<32|uint64(i))).act() })
		}
		all.Wait()
		w.close()
	}
}

// live is an epoch: workers draw operations in a new world until it is over.
func live(t testing.TB, list []*actor, n uint64, d time.Duration) {
	w := newWorld(t)
	defer w.close()
	number := *workers
	if number == 0 {
		number = min(12*runtime.GOMAXPROCS(0), 48)
	}
	end := time.Now().Add(d)
	var all sync.WaitGroup
	for i := range number {
		all.Go(func() {
			r := newRand(n, uint64(i))
			for time.Now().Before(end) && !t.Failed() {
				w.op(draw(list, r), newRand(r.Uint64(), r.Uint64())).act()
			}
		})
	}
	all.Wait()
}

// same checks that there are as many as before.
func same[N int | int64](what string, want N, now func() N) func() error {
	return func() error {
		if n := now(); n != want {
			return fmt.Errorf("%d %s: %d, before %d", n-want, what, n, want)
		}
		return nil
	}
}

// resident returns the process's resident memory, when Go has given back what it does not use.
func resident() uint64 {
	runtime.GC()
	debug.FreeOSMemory()
	return uvtest.RSS()
}

// goHeap returns how many bytes are alive in Go's heap.
func goHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
