package uvfs

import (
	"context"
	"errors"
	"sync"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// An FS does file operations on a loop. Any goroutine may call its methods. In a loop's
// callback they lend that loop, or fail with [uv.ErrInCallback] if it cannot be lent.
type FS struct {
	loop uv.Loop
	core *core.Core // the loop's, nil for a loop that no constructor made

	own  *uvgo.Loop // the loop of New
	once sync.Once
	done chan struct{} // receives once, when the own loop has run
	ran  error         // the error of running it
	err  error         // what Close returned
}

// On makes an FS on a loop that the program runs. While the loop does not run, calls
// wait; a call that waits does not keep the loop's Run from returning.
func On(l uv.Loop) *FS { return &FS{loop: l, core: core.Of(l)} }

// New makes an FS with a loop of its own, which waits on Go's netpoller and must
// be closed.
func New() (*FS, error) {
	l, err := uvgo.New(uvgo.WithParking(uvgo.ParkGoroutine))
	if err != nil {
		return nil, err
	}
	f := On(l)
	f.own, f.done = l, bubble.NewWake()
	l.Hold()
	bubble.Go(func() { f.ran = l.Run(context.Background()); f.done <- struct{}{} })
	return f, nil
}

// Close ends the loop of New, behind the operations under way; calls fail from
// now on. It does nothing to an FS on another loop.
func (f *FS) Close() error {
	if f == nil {
		return uv.EINVAL
	}
	if f.own == nil {
		return nil
	}
	wait, err := f.core.BeginWait("uvfs close")
	if err != nil {
		return err
	}
	wait.For(func() {
		f.once.Do(func() {
			if f.err = f.own.Post(f.stop); f.err == nil {
				<-f.done
				f.err = errors.Join(f.ran, f.own.Shutdown(context.Background()))
			}
		})
	})
	return f.err
}

// stop ends the own loop's Run; it runs there.
func (f *FS) stop() {
	f.own.Drop()
	f.own.Stop()
}
