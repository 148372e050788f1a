package uvfs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvfs"
)

// TestContextEndsACallThatRuns: the open of a FIFO blocks a thread. The call
// returns all the same, and the descriptor that arrives late is closed, which
// the package's TestMain checks.
func TestContextEndsACallThatRuns(t *testing.T) {
	f := newFS(t)
	path := fifo(t)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := f.Open(ctx, path)
		failed <- err
	}()
	uvtest.Check(t, f.WriteFile(t.Context(), path+"-regular", nil, 0o600)) // the open was posted, or will be
	cancel()
	err := <-failed
	uvtest.IsErr(t, "open", err, context.Canceled)
	var p *fs.PathError
	if !errors.As(err, &p) || p.Op != "open" || p.Path != path {
		t.Errorf("error %#v", err)
	}
	// The thread may wait for us yet, or the open was taken back.
	w, err := os.OpenFile(path, os.O_RDWR, 0)
	uvtest.Check(t, err)
	uvtest.Check(t, f.Close())
	w.Close()
}

// TestContextEndsARead: the buffer is not written to after the return, however
// late the bytes come, and the file goes on.
func TestContextEndsARead(t *testing.T) {
	f := newFS(t)
	path := fifo(t)
	opened := make(chan *uvfs.File)
	go func() { opened <- uvtest.Must(f.Open(context.Background(), path)) }()
	w := writer(t, path)
	file := <-opened
	ctx, cancel := context.WithCancel(t.Context())
	reading := file.With(ctx)
	buf := make([]byte, 100)
	failed := make(chan error)
	go func() {
		_, err := reading.Read(buf)
		failed <- err
	}()
	runtime.Gosched()
	cancel()
	uvtest.IsErr(t, "read", <-failed, context.Canceled)
	uvtest.Must(w.Write([]byte("late")))
	w.Close()
	uvtest.Check(t, file.Close()) // perhaps with the read under way
	uvtest.Check(t, f.Close())    // behind it
	if !bytes.Equal(buf, make([]byte, 100)) {
		t.Errorf("the buffer got %q", buf)
	}
	uvtest.IsErr(t, "read of a closed file", func() error { _, err := file.Read(buf); return err }(), fs.ErrClosed)
}

// TestContextThatHasEnded starts nothing.
func TestContextThatHasEnded(t *testing.T) {
	f := newFS(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "file")
	_, err := f.Create(ctx, path)
	uvtest.IsErr(t, "create", err, context.Canceled)
	uvtest.IsErr(t, "mkdir", f.Mkdir(ctx, path, 0o700), context.Canceled)
	_, err = f.Stat(t.Context(), path)
	uvtest.IsErr(t, "stat", err, fs.ErrNotExist)
	file := uvtest.Must(f.Create(t.Context(), path))
	_, err = file.With(ctx).Write([]byte("x"))
	uvtest.IsErr(t, "write", err, context.Canceled)
	if st := uvtest.Must(file.Stat()); st.Size() != 0 {
		t.Errorf("%d bytes were written", st.Size())
	}
	uvtest.Check(t, file.Close())
}

// TestContextsEndAtAnyTime: operations of all kinds whose contexts end before,
// during and behind them return one of two outcomes, and leave nothing open.
func TestContextsEndAtAnyTime(t *testing.T) {
	f := newFS(t)
	dir := t.TempDir()
	var all sync.WaitGroup
	workers, rounds := 8, 60
	if testing.Short() {
		rounds = 20
	}
	for i := range workers {
		all.Go(func() {
			path := filepath.Join(dir, fmt.Sprint(i))
			for round := range rounds {
				ctx, cancel := context.WithCancel(context.Background())
				go func() {
					for range round * 20 {
						runtime.Gosched()
					}
					cancel()
				}()
				err := func() error {
					file, err := f.Create(ctx, path)
					if err != nil {
						return err
					}
					defer file.Close()
					file = file.With(ctx)
					if _, err := file.Write([]byte("some bytes")); err != nil {
						return err
					}
					if _, err := file.ReadAt(make([]byte, 5), 2); err != nil {
						return err
					}
					tmp, err := f.CreateTemp(ctx, dir, "")
					if err != nil {
						return err
					}
					defer os.Remove(tmp.Name())
					defer tmp.Close()
					d, err := f.Opendir(ctx, dir)
					if err != nil {
						return err
					}
					defer d.Close()
					if _, err := d.Read(ctx, 3); err != nil {
						return err
					}
					_, err = f.Stat(ctx, path)
					return err
				}()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	all.Wait()
	uvtest.Check(t, f.Close()) // what goes on without its caller may still make files where t removes them
}

// TestManyGoroutines share an FS and a file.
func TestManyGoroutines(t *testing.T) {
	f := newFS(t)
	path := filepath.Join(t.TempDir(), "file")
	file := uvtest.Must(f.Create(t.Context(), path))
	const workers, block = 64, 4096
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			want := bytes.Repeat([]byte{byte(i + 1)}, block)
			at := int64(i * block)
			if n, err := file.WriteAt(want, at); n != block || err != nil {
				t.Errorf("write %d: %d, %v", i, n, err)
			}
			got := make([]byte, block)
			if n, err := file.ReadAt(got, at); n != block || err != nil || !bytes.Equal(got, want) {
				t.Errorf("read %d: %d, %v", i, n, err)
			}
		})
	}
	all.Wait()
	uvtest.Check(t, file.Close())
}

// TestCloseDuringOperations: they complete or fail with ErrClosed, and never
// meet another file's descriptor.
func TestCloseDuringOperations(t *testing.T) {
	f := newFS(t)
	path := filepath.Join(t.TempDir(), "file")
	uvtest.Check(t, os.WriteFile(path, []byte("mine"), 0o600))
	for range 30 {
		file := uvtest.Must(f.Open(t.Context(), path))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				p := make([]byte, 4)
				n, err := file.ReadAt(p, 0)
				if err == nil && string(p[:n]) != "mine" || err != nil && !errors.Is(err, fs.ErrClosed) {
					t.Errorf("read %q, %v", p[:n], err)
				}
			})
		}
		all.Go(func() { uvtest.Check(t, file.Close()) })
		all.Go(func() { // takes the number as soon as it is free
			if fd, err := unix.Open("/dev/zero", unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
				unix.Close(fd)
			}
		})
		all.Wait()
	}
}

// TestInACallback: a call lends the callback's loop.
func TestInACallback(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		f, own := uvfs.On(l), newFS(t)
		called := uvtest.NewCounter(t, "posted function", 1)
		uvtest.Check(t, l.Post(func() {
			for _, f := range []*uvfs.FS{f, own} {
				_, err := f.Stat(context.Background(), "/")
				uvtest.Expect(t, err)
				file, err := f.Open(context.Background(), "/dev/null")
				uvtest.Expect(t, err)
				uvtest.Expect(t, file.Close())
			}
			uvtest.Expect(t, own.Close())
			called.Inc()
		}))
		looptest.Run(t, l)
	})
}

// TestInACallbackOfAThread: a loop that cannot be lent refuses instead of waiting for itself.
func TestInACallbackOfAThread(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	l := looptest.New(t, uvgo.WithLockedThread())
	f := uvfs.On(l)
	own := newFS(t)
	file := uvtest.Must(own.Open(t.Context(), "/dev/null"))
	called := uvtest.NewCounter(t, "posted function", 1)
	uvtest.Check(t, l.Post(func() {
		called.Inc()
		_, err := f.Stat(context.Background(), "/")
		uvtest.IsErr(t, "stat", err, uv.ErrInCallback)
		uvtest.IsErr(t, "stat", err, syscall.EDEADLK)
		_, err = own.ReadFile(context.Background(), "/dev/null")
		uvtest.IsErr(t, "another loop's", err, uv.ErrInCallback)
		uvtest.IsErr(t, "close of a file", file.Close(), uv.ErrInCallback)
		uvtest.IsErr(t, "close", own.Close(), uv.ErrInCallback)
	}))
	looptest.Run(t, l)
	uvtest.Check(t, file.Close())
}

// TestOnALoopThatSomebodyRuns: calls wait until the loop runs, or for their
// context.
func TestOnALoopThatSomebodyRuns(t *testing.T) {
	l := looptest.New(t)
	f := uvfs.On(l)
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	_, err := f.Stat(ctx, "/")
	uvtest.IsErr(t, "stat on a loop that nobody runs", err, context.Canceled)
	done := make(chan error)
	go func() {
		_, err := f.Stat(context.Background(), "/")
		done <- err
	}()
	for {
		uvtest.Must(l.RunNoWait())
		select {
		case err := <-done:
			uvtest.Check(t, err)
			uvtest.Check(t, f.Close()) // which is not this loop's business
			return
		default:
		}
	}
}

// TestLoopClosed: calls fail, and files can be closed.
func TestLoopClosed(t *testing.T) {
	l := uvtest.Must(uvgo.New())
	f := uvfs.On(l)
	ctx, stop := context.WithCancel(t.Context())
	hold := uvtest.Must(l.NewAsync(nil))
	ran := make(chan error)
	go func() { ran <- l.Run(ctx) }()
	file := uvtest.Must(f.Open(t.Context(), "/dev/null"))
	stop()
	uvtest.IsErr(t, "run", <-ran, context.Canceled)
	hold.Close()
	uvtest.Check(t, l.Shutdown(t.Context()))
	_, err := f.Stat(t.Context(), "/")
	uvtest.IsErr(t, "stat", err, fs.ErrClosed)
	_, err = file.Read(make([]byte, 1))
	uvtest.IsErr(t, "read", err, fs.ErrClosed)
	uvtest.Check(t, file.Close())
	uvtest.IsErr(t, "close again", file.Close(), fs.ErrClosed)
}
