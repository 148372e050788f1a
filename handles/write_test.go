package handles_test

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// cancel cancels a write, and tells whether libuv can do that. If it cannot, Cancel has to
// say so, and the write goes on.
func cancel(t *testing.T, w handles.Write) bool {
	t.Helper()
	err := w.Cancel()
	if !cuv.CancelsWrites {
		uvtest.IsErr(t, "cancel before libuv 1.53", err, uv.ENOTSUP)
		return false
	}
	uvtest.Check(t, err)
	uvtest.IsErr(t, "cancel again", w.Cancel(), uv.EBUSY)
	return true
}

// tooLate is what Cancel of a write that is over returns.
func tooLate() uv.Errno {
	if cuv.CancelsWrites {
		return uv.EBUSY
	}
	return uv.ENOTSUP
}

// outcome returns a callback that runs once, and checks what it gets: of size bytes none if
// the write was cancelled, else all.
func outcome(t *testing.T, size int, cancelled *bool) func(n int, err error) {
	t.Helper()
	called := uvtest.NewCounter(t, "write callback", 1)
	return func(n int, err error) {
		called.Inc()
		if *cancelled {
			uvtest.IsErr(t, "cancelled write", err, uv.ECANCELED)
			size = 0
		} else {
			uvtest.Check(t, err)
		}
		if n != size {
			t.Errorf("%d bytes were taken, want %d", n, size)
		}
	}
}

// TestWriteCancelTakesItOutOfTheQueue: of three writes in the queue the second, in each form of
// its bytes, is cancelled. Its neighbours arrive whole, and the stream has not failed.
func TestWriteCancelTakesItOutOfTheQueue(t *testing.T) {
	first, last := bytes.Repeat([]byte("first"), 3<<20), bytes.Repeat([]byte("last"), 1<<10)
	for name, bufs := range map[string][][]byte{
		"few bytes":            {[]byte("second")},
		"few bytes in buffers": {[]byte("sec"), []byte("ond")},
		"lent":                 {bytes.Repeat([]byte("second"), 1<<14)},
		"lent buffers":         {bytes.Repeat([]byte("sec"), 1<<14), bytes.Repeat([]byte("ond"), 1<<14)},
	} {
		t.Run(name, func(t *testing.T) {
			l := looptest.New(t)
			a, b := looptest.Pair(t, l)
			a.OnWritten(func(queued int, err error) { uvtest.Check(t, err) })
			var cancelled, never bool
			want := append([]byte(nil), first...)
			uvtest.Must(a.StartWrite(outcome(t, len(first), &never), first))
			second := bytes.Join(bufs, nil)
			w := uvtest.Must(a.StartWrite(outcome(t, len(second), &cancelled), bufs...))
			if cancelled = cancel(t, w); !cancelled {
				want = append(want, second...)
			}
			want = append(want, last...)
			uvtest.Must(a.StartWrite(outcome(t, len(last), &never), last))
			uvtest.Check(t, a.Shutdown(func(error) {
				if n := a.WriteQueueSize(); n != 0 {
					t.Errorf("%d bytes are queued at the end", n)
				}
				uvtest.IsErr(t, "cancel of what is over", w.Cancel(), tooLate())
				a.Close()
			}))
			got := collect(t, l, b)
			looptest.Run(t, l)
			if !bytes.Equal(*got, want) {
				t.Errorf("%d bytes arrived, want %d", len(*got), len(want))
			}
		})
	}
}

// TestWriteCancelCountsWhatWasSent: of a write that has begun, n bytes arrive.
func TestWriteCancelCountsWhatWasSent(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	p := bytes.Repeat([]byte("0123456789"), 2<<20)
	n := -1
	cancelled := false
	w := uvtest.Must(a.StartWrite(func(taken int, err error) {
		n = taken
		if cancelled {
			uvtest.IsErr(t, "cancelled write", err, uv.ECANCELED)
		}
		a.Close()
	}, p[:len(p)/2], p[len(p)/2:]))
	var got []byte
	uvtest.Check(t, b.ReadStart(func(q []byte, err error) {
		if err != nil {
			uvtest.IsErr(t, "read", err, io.EOF)
			b.Close()
			return
		}
		if got == nil {
			cancelled = cancel(t, w)
		}
		got = append(got, q...)
	}))
	looptest.Run(t, l)
	if cancelled == (n == len(p)) || n <= 0 || !bytes.Equal(got, p[:n]) {
		t.Errorf("%d bytes of %d were taken, %d arrived", n, len(p), len(got))
	}
}

// TestWriteCancelWhileConnecting: the write that waits for the connection ends, and another
// one is sent.
func TestWriteCancelWhileConnecting(t *testing.T) {
	l := looptest.New(t)
	path := filepath.Join(t.TempDir(), "s")
	ln := uvtest.Must(l.NewPipe())
	uvtest.Check(t, ln.Bind(path))
	var got *[]byte
	uvtest.Check(t, ln.Listen(1, func(c *handles.Pipe, err error) {
		uvtest.Check(t, err)
		got = collect(t, l, c)
		ln.Close()
	}))
	a := uvtest.Must(l.NewPipe())
	uvtest.Check(t, a.Connect(path, func(err error) { uvtest.Check(t, err) }))
	var cancelled, never bool
	want := "kept"
	w := uvtest.Must(a.StartWrite(outcome(t, 5, &cancelled), []byte("first")))
	if cancelled = cancel(t, w); !cancelled {
		want = "first" + want
	}
	uvtest.Must(a.StartWrite(outcome(t, 4, &never), []byte("kept")))
	uvtest.Check(t, a.Shutdown(func(error) { a.Close() }))
	looptest.Run(t, l)
	if string(*got) != want {
		t.Errorf("%q arrived, want %q", *got, want)
	}
}

// TestWriteCancelOfMany: thousands of writes on several streams are cancelled, in an order of their own, and
// each ends once.
func TestWriteCancelOfMany(t *testing.T) {
	const streams, writes = 4, 2000
	l := looptest.New(t)
	var all [streams * writes]handles.Write
	ended := uvtest.NewCounter(t, "cancelled write", len(all))
	for i := range streams {
		a, b := looptest.Pair(t, l)
		uvtest.Must(a.StartWrite(nil, make([]byte, 16<<20)))
		for j := range writes {
			all[j*streams+i] = uvtest.Must(a.StartWrite(func(n int, err error) {
				ended.Inc()
				uvtest.IsErr(t, "cancelled write", err, uv.ECANCELED)
				if n != 0 {
					t.Errorf("%d bytes were sent", n)
				}
				if j == writes-1 {
					uvtest.CloseAll(t, a, b)
				}
			}, []byte("x")))
		}
		if !cuv.CancelsWrites { // Close ends them all
			uvtest.CloseAll(t, a, b)
		}
	}
	for i := range all {
		if w := all[i*7919%len(all)]; cuv.CancelsWrites {
			uvtest.Check(t, w.Cancel())
		}
	}
	looptest.Run(t, l)
}

// TestWriteCancelComesTooLate: a write that the kernel took at once, or whose stream is closed, is
// not cancelled, and neither is one on another goroutine.
func TestWriteCancelComesTooLate(t *testing.T) {
	late := tooLate()
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	var never bool
	w := uvtest.Must(a.StartWrite(outcome(t, 5, &never), []byte("small")))
	uvtest.IsErr(t, "cancel of a write that the kernel has", w.Cancel(), late)
	closed := uvtest.NewCounter(t, "write of the closed stream", 1)
	w = uvtest.Must(a.StartWrite(func(n int, err error) {
		closed.Inc()
		uvtest.IsErr(t, "write of the closed stream", err, uv.ECANCELED)
	}, make([]byte, 16<<20)))
	uvtest.Check(t, l.Post(func() {
		elsewhere := make(chan error)
		go func() { elsewhere <- w.Cancel() }()
		uvtest.IsErr(t, "cancel elsewhere", <-elsewhere, uv.ErrNotOwner)
	}))
	uvtest.Must(l.RunOnce())
	a.Close()
	b.Close()
	uvtest.IsErr(t, "cancel of a closed stream's write", w.Cancel(), late)
	looptest.Run(t, l)
	uvtest.IsErr(t, "cancel at the end", w.Cancel(), late)
	uvtest.IsErr(t, "cancel of no write", handles.Write{}.Cancel(), uv.EBUSY)
	_, err := a.StartWrite(nil, []byte("x"))
	uvtest.IsErr(t, "start on a closed stream", err, uv.ErrClosed)
}

// TestWriteStartRefuses: a write without bytes, and one of a stream that is not open.
func TestWriteStartRefuses(t *testing.T) {
	l := looptest.New(t)
	a, b := looptest.Pair(t, l)
	_, err := a.StartWrite(nil)
	uvtest.IsErr(t, "no buffers", err, uv.EINVAL)
	c := uvtest.Must(l.NewTCP())
	_, err = c.StartWrite(nil, []byte("x"))
	uvtest.IsErr(t, "not open", err, uv.EBADF)
	uvtest.CloseAll(t, a, b, c)
	looptest.Run(t, l)
}
