package hostile

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

// posters post from 8 goroutines until they are refused.
type posters struct {
	wg     sync.WaitGroup
	posted [8]int   // how many Posts returned nil
	ran    [8][]int // how often each function ran; the loop's
	again  int      // posts of posted functions that returned nil
	reran  int
}

// start begins posting. Every tenth function posts one itself.
func (p *posters) start(t testing.TB, l *uvgo.Loop) {
	for g := range p.posted {
		p.ran[g] = make([]int, 0, 1024)
		p.wg.Go(func() {
			ran := make(chan struct{}, 1)
			for i := 0; ; i++ {
				last := i%16 == 15 // of a burst
				err := l.Post(func() {
					if last {
						ran <- struct{}{}
					}
					for len(p.ran[g]) <= i {
						p.ran[g] = append(p.ran[g], 0)
					}
					p.ran[g][i]++
					if i%10 == 0 {
						p.repost(t, l)
					}
				})
				if err != nil {
					uvtest.IsErr(t, "Post", err, uv.ErrClosed)
					return
				}
				p.posted[g]++
				if last {
					<-ran // or the queue is never empty, and Close always EBUSY
				}
			}
		})
	}
}

func (p *posters) repost(t testing.TB, l *uvgo.Loop) {
	if err := l.Post(func() { p.reran++ }); err != nil {
		uvtest.IsErr(t, "Post in a posted function", err, uv.ErrClosed)
		return
	}
	p.again++
}

// verify waits for the posters and compares.
func (p *posters) verify(t testing.TB, l *uvgo.Loop) {
	t.Helper()
	p.wg.Wait()
	uvtest.IsErr(t, "Post afterwards", l.Post(func() { t.Error("a refused function ran") }), uv.ErrClosed)
	for g, n := range p.posted {
		if len(p.ran[g]) > n {
			t.Errorf("poster %d: function %d ran, %d were posted", g, len(p.ran[g])-1, n)
		}
		for i := range n {
			if i >= len(p.ran[g]) || p.ran[g][i] != 1 {
				t.Fatalf("poster %d: function %d of %d did not run exactly once", g, i, n)
			}
		}
	}
	if p.again != p.reran {
		t.Errorf("%d functions were posted by posted ones, %d of them ran", p.again, p.reran)
	}
}

// TestHostilePost posts from 8 goroutines all the time while a loop is closed
// or shut down.
func TestHostilePost(t *testing.T) {
	const rounds = 20
	t.Run("close", kit.PerParking(func(t *testing.T, park uvgo.Option) {
		for range rounds {
			l := uvtest.Must(uvgo.New(park))
			var p posters
			p.start(t, l)
			for {
				uvtest.Must(l.RunNoWait())
				err := l.Close()
				if err == nil {
					break
				}
				if !errors.Is(err, uv.EBUSY) {
					t.Fatalf("Close: %v", err)
				}
			}
			p.verify(t, l)
		}
	}))
	t.Run("shutdown", kit.PerParking(func(t *testing.T, park uvgo.Option) {
		for range rounds {
			l := uvtest.Must(uvgo.New(park))
			var p posters
			p.start(t, l)
			uvtest.Must(l.RunNoWait())
			uvtest.Check(t, l.Shutdown(context.Background()))
			p.verify(t, l)
		}
	}))
	t.Run("run and shutdown", kit.PerParking(func(t *testing.T, park uvgo.Option) {
		for range rounds {
			l := uvtest.Must(uvgo.New(park))
			keep := uvtest.Must(l.NewAsync(nil)) // Run goes on without posts
			var p posters
			ctx, cancel := context.WithCancel(context.Background())
			ran := make(chan error)
			go func() { ran <- l.Run(ctx) }()
			p.start(t, l)
			var sends sync.WaitGroup
			for range 4 {
				sends.Go(func() {
					for keep.Send() == nil {
						runtime.Gosched()
					}
				})
			}
			uvtest.Check(t, l.Post(cancel))
			uvtest.IsErr(t, "Run", <-ran, context.Canceled)
			uvtest.Check(t, l.Shutdown(context.Background()))
			p.verify(t, l)
			sends.Wait()
		}
	}))
}
