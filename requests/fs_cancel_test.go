package requests_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// A jam keeps the pool's threads: each opens a FIFO that nobody writes to.
type jam struct {
	path string
	l    *uvgo.Loop
	t    testing.TB
	left int
}

// newJam queues more such opens than the pool has threads.
func newJam(t testing.TB, l *uvgo.Loop, n int) *jam {
	t.Helper()
	j := &jam{path: filepath.Join(t.TempDir(), "fifo"), l: l, t: t, left: n}
	uvtest.Check(t, unix.Mkfifo(j.path, 0o600))
	for range n {
		uvtest.Must(requests.FSOpen(l, j.path, os.O_RDONLY, 0, func(fd uintptr, err error) {
			uvtest.Check(t, err)
			uvtest.Must(requests.FSClose(l, fd, func(err error) {
				uvtest.Check(t, err)
				j.left--
			}))
		}))
	}
	return j
}

// writer returns the other end of the FIFO as soon as one of the opens runs,
// and with it lets all of them end.
func (j *jam) writer() *os.File {
	j.t.Helper()
	for {
		f, err := os.OpenFile(j.path, os.O_WRONLY|unix.O_NONBLOCK, 0)
		if err == nil {
			return f
		}
		if !errors.Is(err, unix.ENXIO) {
			j.t.Fatal(err)
		}
		time.Sleep(100 * time.Microsecond) // the kernel has no event for it
	}
}

// TestFSCancelQueued takes operations of every shape back before they begin:
// each callback runs once, with ECANCELED, and nothing happens to the files.
func TestFSCancelQueued(t *testing.T) {
	l := looptest.New(t)
	j := newJam(t, l, 200)
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	uvtest.Check(t, os.WriteFile(path, []byte("here"), 0o600))
	f := uvtest.Must(os.OpenFile(path, os.O_RDWR, 0))
	defer f.Close()
	fd := f.Fd()
	buf := make([]byte, 100)
	ops := everyOperation(l, path, fd, buf)
	canceled := uvtest.NewCounter(t, "callback of a cancelled operation", len(ops))
	for name, start := range ops {
		op := uvtest.Must(start(func(err error) {
			canceled.Inc()
			uvtest.IsErr(t, name, err, uv.ECANCELED)
			uvtest.IsErr(t, name, err, context.Canceled)
		}))
		if err := op.Cancel(); err != nil {
			t.Errorf("cancel %s: %v", name, err)
		}
		uvtest.IsErr(t, "cancel "+name+" again", op.Cancel(), uv.EBUSY)
	}
	if canceled.N() != 0 {
		t.Error("Cancel runs the callback")
	}
	w := j.writer()
	looptest.Run(t, l)
	w.Close()
	if j.left != 0 {
		t.Errorf("%d opens are left", j.left)
	}
	if got := string(uvtest.Must(os.ReadFile(path))); got != "here" {
		t.Errorf("the file holds %q", got)
	}
	if entries := uvtest.Must(os.ReadDir(dir)); len(entries) != 1 {
		t.Errorf("the directory holds %v", entries)
	}
}

// TestCancelQueued takes lookups and random bytes back behind what keeps every
// thread of the pool: there is no race that they could lose.
func TestCancelQueued(t *testing.T) {
	l := looptest.New(t)
	j := newJam(t, l, 200)
	canceled := uvtest.NewCounter(t, "callback of a cancelled request", 3)
	outcome := func(err error) {
		canceled.Inc()
		uvtest.IsErr(t, "outcome", err, uv.ECANCELED)
		uvtest.IsErr(t, "outcome", err, context.Canceled)
	}
	for what, r := range map[string]interface{ Cancel() error }{
		"lookup": uvtest.Must(requests.GetAddrInfo(l, "localhost", "", stream, func(list []requests.AddrInfo, err error) {
			outcome(err)
			if list != nil {
				t.Errorf("cancelled, yet %v", list)
			}
		})),
		"reverse lookup": uvtest.Must(requests.GetNameInfo(l, looptest.Loopback, 0, func(_, _ string, err error) { outcome(err) })),
		"random bytes":   uvtest.Must(requests.StartRandomBytes(l, 64, func(_ []byte, err error) { outcome(err) })),
	} {
		uvtest.Check(t, r.Cancel())
		uvtest.IsErr(t, what+": second cancel", r.Cancel(), uv.EBUSY)
	}
	w := j.writer()
	looptest.Run(t, l)
	w.Close()
}

// TestFSCancelRunning: what a thread has begun cannot be taken back, nor what
// is done, and a stale FS does not touch whoever reuses its place.
func TestFSCancelRunning(t *testing.T) {
	l := looptest.New(t)
	path := filepath.Join(t.TempDir(), "fifo")
	uvtest.Check(t, unix.Mkfifo(path, 0o600))
	j := &jam{path: path, l: l, t: t}
	opened := uvtest.NewCounter(t, "open", 1)
	var fd uintptr
	op := uvtest.Must(requests.FSOpen(l, path, os.O_RDONLY, 0, func(got uintptr, err error) {
		opened.Inc()
		uvtest.Check(t, err)
		fd = got
	}))
	w := j.writer()
	defer w.Close()
	uvtest.IsErr(t, "cancel of a running operation", op.Cancel(), uv.EBUSY)
	looptest.Run(t, l)
	uvtest.IsErr(t, "cancel of a completed operation", op.Cancel(), uv.EBUSY)
	uvtest.IsErr(t, "cancel of no operation", requests.FS{}.Cancel(), uv.EBUSY)
	n := uvtest.Must(requests.FSClose(l, fd, func(err error) { uvtest.Check(t, err) }))
	uvtest.IsErr(t, "cancel by a stale FS", op.Cancel(), uv.EBUSY)
	looptest.Run(t, l)
	uvtest.IsErr(t, "cancel of the next one", n.Cancel(), uv.EBUSY)
}

// TestFSCancelClosedirIsRefused: libuv would lose the directory's descriptor.
func TestFSCancelClosedirIsRefused(t *testing.T) {
	l := looptest.New(t)
	d := uvtest.Must(await(t, l, func(fn func(*requests.Dir, error)) (requests.FS, error) {
		return requests.FSOpendir(l, t.TempDir(), fn)
	}))
	j := newJam(t, l, 200)
	closed := uvtest.NewCounter(t, "closedir", 1)
	op := uvtest.Must(requests.FSClosedir(l, d, func(err error) {
		closed.Inc()
		uvtest.Check(t, err)
	}))
	uvtest.IsErr(t, "cancel of closedir", op.Cancel(), uv.EBUSY)
	w := j.writer()
	looptest.Run(t, l)
	w.Close()
}

// TestFSCancelReaddir: the directory goes on afterwards; meanwhile it refuses
// to be read twice or closed.
func TestFSCancelReaddir(t *testing.T) {
	l := looptest.New(t)
	dir := t.TempDir()
	uvtest.Check(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o600))
	d := uvtest.Must(await(t, l, func(fn func(*requests.Dir, error)) (requests.FS, error) { return requests.FSOpendir(l, dir, fn) }))
	j := newJam(t, l, 200)
	canceled := uvtest.NewCounter(t, "readdir", 1)
	op := uvtest.Must(requests.FSReaddir(l, d, 10, collectErr(func(err error) {
		canceled.Inc()
		uvtest.IsErr(t, "readdir", err, uv.ECANCELED)
	})))
	_, err := requests.FSReaddir(l, d, 10, collectErr(func(error) {}))
	uvtest.IsErr(t, "readdir during another", err, uv.EBUSY)
	_, err = requests.FSClosedir(l, d, func(error) {})
	uvtest.IsErr(t, "closedir during readdir", err, uv.EBUSY)
	uvtest.IsErr(t, "close during readdir", d.Close(), uv.EBUSY)
	uvtest.Check(t, op.Cancel())
	w := j.writer()
	looptest.Run(t, l)
	w.Close()
	if got := uvtest.Must(readdir(t, l, d, 10)); len(got) != 1 {
		t.Errorf("%d entries after the cancelled look", len(got))
	}
	uvtest.Check(t, awaitErr(t, l, func(fn func(error)) (requests.FS, error) { return requests.FSClosedir(l, d, fn) }))
}

// TestFSLoopClosedInFlight: Close refuses, Shutdown waits for the operation, or
// for its context.
func TestFSLoopClosedInFlight(t *testing.T) {
	l := uvtest.Must(uvgo.New())
	j := newJam(t, l, 8)
	uvtest.IsErr(t, "close", l.Close(), uv.EBUSY)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := l.Shutdown(ctx)
	uvtest.IsErr(t, "shutdown with a context that ended", err, context.Canceled)
	if !strings.Contains(err.Error(), "8 requests") {
		t.Errorf("%q does not count the requests", err)
	}
	w := j.writer()
	defer w.Close()
	uvtest.Check(t, l.Shutdown(t.Context()))
	if j.left != 0 {
		t.Errorf("%d operations did not complete", j.left)
	}
	_, err = requests.FSStat(l, "/", func(uv.Stat, error) { t.Error("stat on a closed loop") })
	uvtest.IsErr(t, "stat on a closed loop", err, uv.ErrClosed)
}

// TestFSPanicKeepsTheRest: a callback that panics ends the run; the operations
// behind it complete in the next.
func TestFSPanicKeepsTheRest(t *testing.T) {
	l := looptest.New(t)
	const n = 50
	completed := uvtest.NewCounter(t, "stat", n)
	for range n {
		uvtest.Must(requests.FSStat(l, "/", func(st uv.Stat, err error) {
			uvtest.Check(t, err)
			if completed.Inc(); completed.N()%10 == 0 {
				panic("tenth")
			}
		}))
	}
	panics := 0
	for {
		err := l.Run(t.Context())
		var p *uv.PanicError
		if !errors.As(err, &p) {
			uvtest.Check(t, err)
			break
		}
		panics++
	}
	if panics != n/10 {
		t.Errorf("%d panics, want %d", panics, n/10)
	}
}
