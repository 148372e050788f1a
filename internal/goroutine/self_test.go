package goroutine_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/goroutine"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestGoroutinesThatLiveTogetherHaveDifferentNumbers(t *testing.T) {
	const n = 200
	seen := make(chan uintptr, n)
	var wg sync.WaitGroup
	release := make(chan struct{})
	for range n {
		wg.Go(func() {
			seen <- goroutine.Self()
			<-release
		})
	}
	all := map[uintptr]bool{goroutine.Self(): true, 0: true}
	for range n {
		id := <-seen
		if all[id] {
			t.Errorf("the number %#x is not a goroutine's own", id)
		}
		all[id] = true
	}
	close(release)
	wg.Wait()
}

// A goroutine keeps its number on another thread and with another stack.
func TestGoroutineKeepsItsNumber(t *testing.T) {
	id := goroutine.Self()
	for range 1000 {
		runtime.Gosched()
		if got := goroutine.Self(); got != id {
			t.Fatalf("the number became %#x, was %#x", got, id)
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if got := grown(1000); got != id {
		t.Errorf("with a larger stack the number is %#x, was %#x", got, id)
	}
}

//go:noinline
func grown(depth int) uintptr {
	var room [256]byte
	if depth == 0 {
		return goroutine.Self() + uintptr(room[0])
	}
	return grown(depth-1) + uintptr(room[depth%256])
}

func BenchmarkSelf(b *testing.B) {
	for b.Loop() {
		goroutine.Self()
	}
}
