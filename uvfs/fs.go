package uvfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/bubble"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// An FS does file operations on a loop. Its methods may be called from any
// goroutine but one that runs a loop's callback.
type FS struct {
	loop uv.Loop
	core *core.Core

	own  *uvgo.Loop // the loop of New
	once sync.Once
	done chan struct{} // receives once, when the own loop has run
	ran  error         // what running it came to
	err  error         // what Close returned
}

// On makes an FS on a loop that somebody runs. As long as nobody does, calls
// wait; a call alone does not keep Run from returning before it.
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
	f.core.Hold()
	bubble.Go(func() { f.ran = l.Run(context.Background()); f.done <- struct{}{} })
	return f, nil
}

// Close ends the loop of New, after the operations under way; calls fail from
// now on. It does nothing to an FS on another loop.
func (f *FS) Close() error {
	if f == nil {
		return uv.EINVAL
	}
	if f.own == nil {
		return nil
	}
	if core.InCallback() {
		return uv.ErrInCallback
	}
	f.once.Do(func() {
		if f.err = f.core.Post(f.stop); f.err == nil {
			<-f.done
			f.err = errors.Join(f.ran, f.own.Shutdown(context.Background()))
		}
	})
	return f.err
}

// stop lets the own loop end.
func (f *FS) stop() {
	f.core.Drop()
	f.own.Stop()
}

// wrap makes an error one of the style of package os.
func wrap(op, path string, err error) error {
	if err = plain(err); err == nil || err == io.EOF || err == io.ErrShortWrite {
		return err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// wrapLink is wrap for two paths.
func wrapLink(op, path, newPath string, err error) error {
	if err = plain(err); err == nil {
		return nil
	}
	return &os.LinkError{Op: op, Old: path, New: newPath, Err: err}
}

// plain takes off what wrap says itself.
func plain(err error) error {
	var e *uv.Error
	if errors.As(err, &e) {
		return e.Errno
	}
	var o *uv.OpError
	if errors.As(err, &o) {
		return o.Err
	}
	return err
}
