package core

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func TestCloseIsBusyWhileFunctionsWait(t *testing.T) {
	c := newCore(t, Config{})
	ran := 0
	if err := c.Post(func() { ran++ }); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); !errors.Is(err, uv.EBUSY) {
		t.Errorf("Close with a posted function: %v", err)
	}
	if err := c.Post(func() { ran++ }); err != nil { // a failed Close takes nothing away
		t.Error(err)
	}
	if err := runOnce(t, c); err != nil || ran != 2 {
		t.Errorf("%d functions ran, %v", ran, err)
	}
	c.Hold()
	if err := c.Close(); !errors.Is(err, uv.EBUSY) {
		t.Errorf("Close of a held core: %v", err)
	}
	c.Drop()
}

// TestPostsKeepTheirOrder posts so many functions that they take several chunks, some with a context, in several turns. A
// function posts another one, which runs in the next turn.
func TestPostsKeepTheirOrder(t *testing.T) {
	c := newCore(t, Config{})
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, n := range []int{1, postsInChunk - 1, postsInChunk, postsInChunk + 1, 5*postsInChunk + 7, 3} {
		var got, want, next []int
		for i := range n {
			fn := func() {
				got = append(got, i)
				if err := c.Post(func() { next = append(next, i) }); err != nil {
					t.Error(err)
				}
			}
			var err error
			switch i % 7 {
			case 3:
				err = c.PostContext(canceled, fn)
			case 5:
				err = c.PostContext(t.Context(), fn)
				want = append(want, i)
			default:
				err = c.Post(fn)
				want = append(want, i)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if queued := c.Stats().Queued; queued != uint64(n) {
			t.Errorf("%d functions wait, %d were posted", queued, n)
		}
		if err := runOnce(t, c); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) || next != nil {
			t.Errorf("of %d: %d of %d ran, in this order: %v; behind them already: %v", n, len(got), len(want), got, next)
		}
		if err := runOnce(t, c); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(next, want) {
			t.Errorf("of %d, in the next turn: %d of %d ran, in this order: %v", n, len(next), len(want), next)
		}
	}
}

// TestPostsAreForgotten checks that the loop keeps neither what a function or a context that has run holds, nor the memory of a burst.
func TestPostsAreForgotten(t *testing.T) {
	c := newCore(t, Config{})
	const burst = 100 * postsInChunk
	var forgotten atomic.Int64
	for i := range burst {
		held := &[16]byte{byte(i)}
		runtime.AddCleanup(held, func(int) { forgotten.Add(1) }, 0)
		ctx := context.WithValue(t.Context(), held, held)
		if err := c.PostContext(ctx, func() { runtime.KeepAlive(held) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := runOnce(t, c); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); forgotten.Load() != burst; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d functions are forgotten", forgotten.Load(), burst)
		}
	}
	if c.batch.kept != spareChunks {
		t.Errorf("%d chunks are kept, want %d", c.batch.kept, spareChunks)
	}
	if err := c.Post(func() {}); err != nil {
		t.Fatal(err)
	}
	if err := runOnce(t, c); err != nil || c.posts.spare > spareChunks {
		t.Errorf("%d chunks are spare, want at most %d; %v", c.posts.spare, spareChunks, err)
	}
}

// TestPostAllocatesNothing: in a steady state, also with a context and with more than a chunk a turn.
func TestPostAllocatesNothing(t *testing.T) {
	if uvtest.Instrumented {
		t.Skip("sanitizers allocate, too")
	}
	c := newCore(t, Config{})
	fn := func() {}
	steady := func() {
		for i := range 2 * postsInChunk {
			if i%2 == 0 {
				_ = c.Post(fn)
			} else {
				_ = c.PostContext(t.Context(), fn)
			}
		}
		c.collectPosts()
		for c.batch.posts != nil {
			fn, _ := c.batch.nextPost()
			fn()
		}
	}
	if n := testing.AllocsPerRun(100, steady); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestPostersRaceWithClose checks that every post either fails or runs.
func TestPostersRaceWithClose(t *testing.T) {
	for _, park := range []bool{false, true} {
		for range 50 {
			c, err := New(Config{ParkOnGo: park})
			if err != nil {
				t.Fatal(err)
			}
			var accepted, ran atomic.Int64
			var posters sync.WaitGroup
			for range 2 {
				posters.Go(func() {
					for c.Post(func() { ran.Add(1) }) == nil {
						accepted.Add(1)
						c.Wake()
						c.Stop()
						c.Stats()
					}
				})
			}
			for err = c.Close(); err != nil; err = c.Close() {
				if !errors.Is(err, uv.EBUSY) {
					t.Fatal(err)
				}
				if err := runOnce(t, c); err != nil {
					t.Fatal(err)
				}
			}
			posters.Wait()
			c.Wake()
			c.Stop()
			if accepted.Load() != ran.Load() {
				t.Fatalf("%d functions were accepted, %d ran", accepted.Load(), ran.Load())
			}
		}
	}
}

// TestCloseWithARequestRefusesNoPost: a Close that fails never was.
func TestCloseWithARequestRefusesNoPost(t *testing.T) {
	c := newCore(t, Config{})
	s := new(sink)
	id, gen := c.Slot(s)
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	r := c.Ring().NewFS()
	if rc := c.Ring().StartFS(r, cuv.FSOpen, id, gen, fifo, "", nil); rc != 0 { // waits for a writer
		t.Fatal(cuv.ErrName(rc))
	}
	for i := range 2000 {
		var began atomic.Bool
		var poster sync.WaitGroup
		poster.Go(func() {
			for !began.Load() {
				runtime.Gosched()
			}
			for start := time.Now(); time.Since(start) < time.Duration(i%300)*20; { // sweeps over 6 µs
			}
			if err := c.Post(func() {}); err != nil {
				t.Errorf("post %d: %v", i, err)
			}
		})
		runtime.Gosched()
		began.Store(true)
		if err := c.Close(); !errors.Is(err, uv.EBUSY) {
			t.Errorf("Close: %v", err)
		}
		poster.Wait()
		c.collectPosts() // and drop them: else they would be why Close fails
		c.batch.posts, c.batch.post = nil, 0
	}
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := c.Begin("test"); err != nil {
		t.Fatal(err)
	}
	defer c.End()
	for len(s.gens) == 0 {
		if err := c.Turn(true, false); err != nil {
			t.Fatal(err)
		}
	}
	syscall.Close(int(r.Result))
	c.Ring().ReleaseFS(r)
	c.Vacate(id)
}

// TestFailedCloseWakesTheForeignPoll: what is posted while Close looks around must
// make the backend descriptor readable, like any other post.
func TestFailedCloseWakesTheForeignPoll(t *testing.T) {
	c := newCore(t, Config{})
	poll := []unix.PollFd{{Fd: int32(c.BackendFD()), Events: unix.POLLIN}}
	c.Hold()
	defer c.Drop()
	for i := range 5000 {
		var began atomic.Bool
		var poster sync.WaitGroup
		poster.Go(func() {
			for !began.Load() {
				runtime.Gosched()
			}
			for start := time.Now(); time.Since(start) < time.Duration(i%200)*5; { // sweeps over 1 µs
			}
			_ = c.Post(func() {})
		})
		runtime.Gosched()
		began.Store(true)
		if err := c.Close(); !errors.Is(err, uv.EBUSY) {
			t.Errorf("Close: %v", err)
		}
		poster.Wait()
		if n, err := unix.Poll(poll, 0); n != 1 {
			t.Fatalf("iteration %d: a function waits, the descriptor is not readable: %d, %v", i, n, err)
		}
		if err := runOnce(t, c); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRefusedPostsLeaveTheOthers(t *testing.T) {
	c := newCore(t, Config{})
	ran := 0
	_ = c.Post(func() { ran++ })
	c.RefusePosts()
	if err := c.Post(func() { ran++ }); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("a refused post: %v", err)
	}
	if err := runOnce(t, c); err != nil || ran != 1 {
		t.Errorf("%d functions ran, %v", ran, err)
	}
	c.AcceptPosts()
	if err := c.Post(func() { ran++ }); err != nil {
		t.Error(err)
	}
	if err := runOnce(t, c); err != nil || ran != 2 {
		t.Errorf("%d functions ran, %v", ran, err)
	}
}

// TestWakeEndsAWait wakes a core that waits for nothing else, again and again,
// by each of the ways that other goroutines have.
func TestWakeEndsAWait(t *testing.T) {
	for _, park := range []bool{false, true} {
		c := newCore(t, Config{ParkOnGo: park})
		if err := c.Begin("test"); err != nil {
			t.Fatal(err)
		}
		c.Hold()
		ran := 0
		for i, wake := range []func(){
			c.Stop, c.Interrupt, c.Stop, func() { _ = c.Post(func() { ran++; c.Stop() }) },
		} {
			for range 100 {
				go wake()
				if err := c.Run(); err != nil {
					t.Fatal(err)
				}
				c.Stopped()
				c.ClearInterrupt()
			}
			if want := 100 * (i / 3); ran != want {
				t.Errorf("%d posted functions ran, want %d", ran, want)
			}
		}
		c.Drop()
		c.End()
	}
}

// TestAllocations checks that steady states allocate nothing.
func TestAllocations(t *testing.T) {
	c := newCore(t, Config{})
	if err := c.Begin("test"); err != nil {
		t.Fatal(err)
	}
	defer c.End()
	fn := func() {}
	idle := &Phase{Fn: fn}
	c.StartIdle(idle)
	defer c.StopIdle(idle)
	turn := func() {
		for range 10 {
			_ = c.Post(fn)
		}
		_ = c.Turn(true, false)
	}
	turn()
	turn()
	if n := testing.AllocsPerRun(200, turn); n != 0 {
		t.Errorf("a turn with posted functions and an idle callback allocates %v times", n)
	}
}

// TestNoWakeUpIsLost posts at every moment of the way into the wait, for a
// while: a post that the loop overlooks as it parks would never run.
func TestNoWakeUpIsLost(t *testing.T) {
	d := 3 * time.Second / 2
	if testing.Short() {
		d = time.Second / 2
	}
	for _, cfg := range []Config{{}, {ParkOnGo: true}, {BusyPoll: -1}, {ParkOnGo: true, BusyPoll: -1}} {
		park := cfg.ParkOnGo
		c := newCore(t, cfg)
		if err := c.Begin("test"); err != nil {
			t.Fatal(err)
		}
		c.Hold()
		var ran atomic.Int64
		posting := make(chan int64)
		go func() {
			defer close(posting)
			posts := int64(0)
			for end := time.Now().Add(d); time.Now().Before(end); posts++ {
				for since := time.Now(); ran.Load() != posts; {
					if runtime.Gosched(); time.Since(since) > 30*time.Second {
						panic(fmt.Sprintf("function %d never ran, goroutine parking %t", posts, park))
					}
				}
				for start := time.Now(); time.Since(start) < time.Duration(posts%300)*10; { // sweeps over 3 µs
				}
				_ = c.Post(func() { ran.Add(1) })
			}
			_ = c.Post(c.Stop)
			posting <- posts
		}()
		if err := c.Run(); err != nil {
			t.Error(err)
		}
		posts := <-posting
		<-posting
		if posts != ran.Load() {
			t.Errorf("%d functions were posted, %d ran", posts, ran.Load())
		}
		t.Logf("%d functions, goroutine parking %t", posts, park)
		c.Drop()
		c.End()
	}
}
