package uvgo

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/uvgo/uvgo/uv"
)

// A Group is several loops, each run by a goroutine of its own. Its loops stay
// alive without handles while the group runs, to take posted work.
type Group struct {
	loops []*Loop
	next  atomic.Uint32

	mu      sync.Mutex
	running bool
	shut    bool          // by Shutdown: no further Run
	ended   chan struct{} // closed when Run has ended
}

// NewGroup makes a group of n loops with the same options; n ≤ 0 makes one for
// each of GOMAXPROCS.
func NewGroup(n int, opts ...Option) (*Group, error) {
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	g := new(Group)
	for i := range n {
		l, err := New(append([]Option{WithNumber(i)}, opts...)...)
		if err != nil {
			for _, l := range g.loops {
				l.Close()
			}
			return nil, err
		}
		g.loops = append(g.loops, l)
	}
	return g, nil
}

// Loops returns the group's loops; do not change the slice.
func (g *Group) Loops() []*Loop {
	if g == nil {
		return nil
	}
	return g.loops
}

// Next returns the loops in turn, nil for a Group that NewGroup did not make. Any
// goroutine may call it.
func (g *Group) Next() *Loop {
	if g == nil || len(g.loops) == 0 {
		return nil
	}
	return g.loops[int(g.next.Add(1)-1)%len(g.loops)]
}

// Stats returns what the group's loops have counted, all together; [Loop.Stats] of Loops tells them apart. Any goroutine
// may call it, also once the loops are closed.
func (g *Group) Stats() (s uv.Stats) {
	for _, l := range g.Loops() {
		s = s.Add(l.Stats())
	}
	return s
}

// Run runs all loops until ctx ends, Shutdown is called, or one of them fails,
// which ends the others. It returns the first failure, or ctx's error; nil
// after Shutdown. ErrRunning if the group runs already, ErrClosed once Shutdown
// has been called, EINVAL for a Group that NewGroup did not make, or a nil ctx.
func (g *Group) Run(ctx context.Context) error {
	if len(g.Loops()) == 0 || ctx == nil {
		return uv.Fail("group run", uv.EINVAL)
	}
	g.mu.Lock()
	if g.running {
		g.mu.Unlock()
		return &uv.OpError{Op: "group run", Err: uv.ErrRunning}
	}
	if g.shut {
		g.mu.Unlock()
		return &uv.OpError{Op: "group run", Err: uv.ErrClosed}
	}
	g.running = true
	g.ended = make(chan struct{})
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		g.running = false
		close(g.ended)
		g.mu.Unlock()
	}()

	parent := ctx
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, l := range g.loops {
		wg.Go(func() {
			if err := l.run(ctx, true); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	err := context.Cause(ctx)
	if parent.Err() != nil && err == context.Cause(parent) {
		return parent.Err()
	}
	return err
}

// Shutdown ends Run and shuts down every loop; see [Loop.Shutdown]. The error
// joins those of the loops. EINVAL for a Group that NewGroup did not make, or a nil ctx.
func (g *Group) Shutdown(ctx context.Context) error {
	if len(g.Loops()) == 0 || ctx == nil {
		return uv.Fail("group shutdown", uv.EINVAL)
	}
	g.mu.Lock()
	g.shut = true
	running, ended := g.running, g.ended
	g.mu.Unlock()
	if running {
		for _, l := range g.loops {
			l.Stop()
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	errs := make([]error, len(g.loops))
	var wg sync.WaitGroup
	for i, l := range g.loops {
		wg.Go(func() { errs[i] = l.Shutdown(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
