package uvgo_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// block calls l.Block and fails the test if it is refused.
func block(t testing.TB, l *uvgo.Loop, fn func()) {
	t.Helper()
	if err := l.Block(fn); err != nil {
		t.Errorf("Block: %v", err)
	}
}

// soon makes a timer of the loop that runs fn in its turn and closes itself.
func soon(t testing.TB, l *uvgo.Loop, fn func()) {
	timer := uvtest.Must(l.NewTimer())
	uvtest.Check(t, timer.Start(time.Millisecond, 0, func() {
		fn()
		timer.Close()
	}))
}

// TestBlockReturnsToTheCallback: while a callback blocks, the loop delivers other events, among
// them the one that the callback waits for. Then the callback has the loop again.
func TestBlockReturnsToTheCallback(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		var trace []string
		done := make(chan struct{})
		uvtest.Check(t, l.Post(func() {
			trace = append(trace, "before")
			soon(t, l, func() { trace = append(trace, "timer"); close(done) })
			block(t, l, func() {
				<-done
				if _, err := l.NewTimer(); !errors.Is(err, uv.ErrNotOwner) && !onlyDebugOwners() {
					t.Errorf("a call without the loop: %v", err)
				}
			})
			if !l.Owned() {
				t.Error("the callback does not have the loop again")
			}
			trace = append(trace, "after")
		}))
		looptest.Run(t, l)
		if want := "before timer after"; join(trace) != want {
			t.Errorf("the order is %q, want %q", join(trace), want)
		}
	})
}

func join(words []string) (s string) {
	for i, w := range words {
		if i > 0 {
			s += " "
		}
		s += w
	}
	return s
}

// onlyDebugOwners tells whether loops of this processor do not know who calls.
func onlyDebugOwners() bool { return runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" }

// TestBlockOutsideOfCallbacks: there it only calls the function.
func TestBlockOutsideOfCallbacks(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		calls := 0
		block(t, l, func() { calls++ })
		uvtest.Check(t, l.Post(func() {
			block(t, l, func() {
				block(t, l, func() { calls++ }) // nested
				calls++
			})
		}))
		looptest.Run(t, l)
		elsewhere := make(chan error)
		go func() { elsewhere <- l.Block(func() { calls++ }) }()
		uvtest.Check(t, <-elsewhere)
		if calls != 4 {
			t.Errorf("%d calls, want 4", calls)
		}
		uvtest.IsErr(t, "nil", l.Block(nil), uv.EINVAL)
	})
	closed := uvtest.Must(uvgo.New())
	uvtest.Check(t, closed.Close())
	ran := false
	block(t, closed, func() { ran = true })
	if !ran {
		t.Error("on a closed loop the function did not run")
	}
}

// TestBlockRefused: a loop of a thread cannot go on elsewhere.
func TestBlockRefused(t *testing.T) {
	l := looptest.New(t, uvgo.WithLockedThread())
	uvtest.Check(t, l.Post(func() {
		uvtest.IsErr(t, "block", l.Block(func() { t.Error("it ran") }), uv.ErrInCallback)
	}))
	looptest.Run(t, l)
}

// TestManyBlock: 1,000 callbacks block at once, and all of them wait for one that comes
// last.
func TestManyBlock(t *testing.T) {
	for _, procs := range []int{1, 2, 4} {
		looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			const n = 1000
			release := make(chan struct{})
			inside, returned := 0, 0
			for range n {
				uvtest.Check(t, l.Post(func() {
					inside++
					block(t, l, func() { <-release })
					returned++
				}))
			}
			uvtest.Check(t, l.Post(func() {
				if inside != n {
					t.Errorf("%d callbacks block, want %d", inside, n)
				}
				close(release)
			}))
			looptest.Run(t, l)
			if returned != n {
				t.Errorf("%d callbacks returned, want %d", returned, n)
			}
		})
	}
}

// TestBlockAgainAndAgain: callbacks that block several times each, beside a timer.
func TestBlockAgainAndAgain(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		timer := uvtest.Must(l.NewTimer())
		ticks := 0
		uvtest.Check(t, timer.Start(time.Millisecond, time.Millisecond, func() { ticks++ }))
		left, running := 50, 0
		for range left {
			uvtest.Check(t, l.Post(func() {
				for i := range 20 {
					if running++; running != 1 {
						t.Error("two callbacks run at once")
					}
					running--
					block(t, l, func() {
						if i%3 == 0 {
							time.Sleep(time.Millisecond)
						}
					})
				}
				if left--; left == 0 {
					timer.Close()
				}
			}))
		}
		looptest.Run(t, l)
		if left != 0 || ticks == 0 {
			t.Errorf("%d callbacks have not returned, %d ticks", left, ticks)
		}
	})
}

// TestRunAwaitsBlocked: however a run is ended, it ends behind the callbacks that block, and
// the loop goes on until then.
func TestRunAwaitsBlocked(t *testing.T) {
	ends := map[string]func(l *uvgo.Loop, cancel func()){
		"no work": func(*uvgo.Loop, func()) {},
		"stop":    func(l *uvgo.Loop, _ func()) { l.Stop() },
		"context": func(_ *uvgo.Loop, cancel func()) { cancel() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				returned, ticked := false, false
				uvtest.Check(t, l.Post(func() {
					if err := l.Block(func() {
						end(l, cancel)
						posted := make(chan struct{})
						uvtest.Check(t, l.Post(func() { ticked = true; close(posted) }))
						<-posted
					}); err != nil {
						t.Error(err)
					}
					returned = true
				}))
				if err := l.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if !returned || !ticked {
					t.Errorf("Run ended before the callback: %t, the loop went on: %t", !returned, ticked)
				}
			})
		})
	}
}

// TestTurnAwaitsBlocked: RunOnce and RunNoWait return when no callback blocks.
func TestTurnAwaitsBlocked(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		for range 10 {
			for _, turn := range []func() (bool, error){l.RunOnce, l.RunNoWait} {
				returned := false
				uvtest.Check(t, l.Post(func() {
					block(t, l, func() { time.Sleep(time.Millisecond) })
					returned = true
				}))
				if alive, err := turn(); alive || err != nil || !returned {
					t.Errorf("%t, %v, the callback has returned: %t", alive, err, returned)
				}
			}
		}
	})
}

// TestShutdownAwaitsBlocked: a close callback blocks in Shutdown.
func TestShutdownAwaitsBlocked(t *testing.T) {
	looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
		l := uvtest.Must(uvgo.New(park))
		timer := uvtest.Must(l.NewTimer())
		closed := false
		timer.OnClose(func() {
			block(t, l, func() { time.Sleep(time.Millisecond) })
			closed = true
		})
		uvtest.Check(t, l.Shutdown(t.Context()))
		if !closed {
			t.Error("Shutdown ended before the close callback")
		}
	})
}

// TestBlockPanics: a panic in Block is the callback's.
func TestBlockPanics(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		other, blocks := false, make(chan struct{})
		uvtest.Check(t, l.Post(func() {
			_ = l.Block(func() { <-blocks; panic("fn") })
			t.Error("Block returned")
		}))
		uvtest.Check(t, l.Post(func() {
			block(t, l, func() { close(blocks); time.Sleep(2 * time.Millisecond) })
			other = true
		}))
		var p *uv.PanicError
		if err := l.Run(t.Context()); !errors.As(err, &p) || p.Value != "fn" {
			t.Errorf("Run: %v", err)
		}
		if !other {
			t.Error("Run did not wait for the other callback")
		}
	})
}

// TestBlockPanicsHandled: with a panic handler the loop goes on.
func TestBlockPanicsHandled(t *testing.T) {
	var handled atomic.Int32
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		handled.Store(0)
		const n = 100
		returned := 0
		for i := range n {
			uvtest.Check(t, l.Post(func() {
				_ = l.Block(func() {
					runtime.Gosched()
					if i%2 == 0 {
						panic(i)
					}
				})
				if returned++; i%4 == 1 {
					panic("behind Block")
				}
			}))
		}
		looptest.Run(t, l)
		if returned != n/2 || handled.Load() != n/2+n/4 {
			t.Errorf("%d returned, %d panics", returned, handled.Load())
		}
	}, uvgo.WithPanicHandler(func(*uv.PanicError) { handled.Add(1) }))
}

// TestBlockGoexit: runtime.Goexit in a callback ends the goroutine in Run, whichever goroutine
// ran the callback, and behind the callbacks that block.
func TestBlockGoexit(t *testing.T) {
	cases := map[string]func(l *uvgo.Loop){
		"in Block":     func(l *uvgo.Loop) { _ = l.Block(func() { runtime.Goexit() }) },
		"behind Block": func(l *uvgo.Loop) { _ = l.Block(runtime.Gosched); runtime.Goexit() },
		"elsewhere": func(l *uvgo.Loop) {
			end := make(chan struct{})
			_ = l.Post(func() { close(end); runtime.Goexit() }) // a guest runs it
			_ = l.Block(func() { <-end })
		},
	}
	for name, callback := range cases {
		t.Run(name, func(t *testing.T) {
			looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
				other, returned := false, false
				uvtest.Check(t, l.Post(func() { block(t, l, func() { time.Sleep(3 * time.Millisecond) }); other = true }))
				uvtest.Check(t, l.Post(func() { callback(l) })) // the first blocks already
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_ = l.Run(context.Background())
					returned = true
				}()
				<-ended
				if returned || !other {
					t.Errorf("Run returned: %t, the other callback did: %t", returned, other)
				}
				looptest.Run(t, l)
			})
		})
	}
}

// TestBlockOfManyLoops: callbacks of several loops block at once.
func TestBlockOfManyLoops(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			l := uvtest.Must(uvgo.New())
			n := 0
			for range 200 {
				_ = l.Post(func() {
					block(t, l, runtime.Gosched)
					n++
				})
			}
			if err := l.Run(t.Context()); err != nil || n != 200 {
				t.Errorf("%v, %d callbacks", err, n)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
