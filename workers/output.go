package workers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
)

// An output puts a worker's number before each line that it writes. A goroutine for each of its two streams copies
// them, so that a reader of ours that stands still holds the worker up, as it would without us, and not the loop. Methods of a nil
// output do nothing.
type output struct {
	streams [2]*lines
	theirs  [2]*os.File // until the worker has them
}

// lines is one stream of an output.
type lines struct {
	from   *os.File
	to     *os.File
	prefix []byte
	done   chan struct{}
	rest   []byte // of a line that has not ended, once done is closed

	mu       sync.Mutex
	stopping bool // stop was called
	stopped  bool // so copy has returned
}

// newOutput makes the pipes of a worker, and what it gets of them as its standard output and error.
func newOutput(number int) (*output, [2]handles.Stdio, error) {
	o, ends := new(output), [2]handles.Stdio{}
	for i, to := range []*os.File{os.Stdout, os.Stderr} {
		r, w, err := os.Pipe()
		if err != nil {
			o.begin(false)
			return nil, ends, err
		}
		o.streams[i] = &lines{from: r, to: to, prefix: fmt.Appendf(nil, "[%d] ", number), done: make(chan struct{})}
		o.theirs[i], ends[i] = w, handles.StdioFile(w)
	}
	return o, ends, nil
}

// begin copies what the worker writes, or gives up, because there is none.
func (o *output) begin(started bool) {
	if o == nil {
		return
	}
	for i, l := range o.streams {
		if w := o.theirs[i]; w != nil {
			_ = w.Close()
		}
		switch {
		case l == nil:
		case started:
			go l.copy()
		default:
			_ = l.from.Close()
		}
	}
}

// outMu keeps the lines of several workers apart.
var outMu sync.Mutex

// copy copies lines until the worker has ended, or the descriptors are to go to another program.
func (l *lines) copy() {
	defer close(l.done)
	buf := make([]byte, 32<<10)
	for {
		n, err := l.from.Read(buf)
		l.rest = append(l.rest, buf[:n]...)
		if end := bytes.LastIndexByte(l.rest, '\n') + 1; end > 0 {
			l.write(l.rest[:end])
			l.rest = append(l.rest[:0], l.rest[end:]...)
		}
		if len(l.rest) > 1<<20 { // no line
			l.write(append(l.rest, '\n'))
			l.rest = l.rest[:0]
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded): // stop was called, and perhaps resume since
			if l.yields() {
				return
			}
		case err != nil:
			if len(l.rest) > 0 {
				l.write(append(l.rest, '\n'))
			}
			if err != io.EOF && !errors.Is(err, os.ErrClosed) { // finish has closed it
				l.write(fmt.Appendf(nil, "reading the worker's output: %v\n", err))
			}
			_ = l.from.Close()
			return
		}
	}
}

// yields tells whether copy has to return.
func (l *lines) yields() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = l.stopping
	return l.stopped
}

// write writes whole lines, each behind the prefix.
func (l *lines) write(p []byte) {
	out := make([]byte, 0, len(p)+64)
	for line := range bytes.Lines(p) {
		out = append(append(out, l.prefix...), line...)
	}
	outMu.Lock()
	defer outMu.Unlock()
	_, _ = l.to.Write(out) // whoever has closed our output does not want it
}

// stop ends the copying, so that another program can go on, and returns the descriptors, duplicates that stay open over exec, with
// what is left of the last lines. A stream that has ended has descriptor -1. When the context ends, whoever reads our own output stands still:
// an error. Then, too, resume goes on.
func (o *output) stop(ctx context.Context) (fds [2]int, rest [2][]byte, err error) {
	fds = [2]int{-1, -1}
	if o == nil {
		return fds, rest, nil
	}
	for i, l := range o.streams {
		if l.from == nil {
			continue
		}
		l.mu.Lock()
		l.stopping = true
		l.mu.Unlock()
		_ = l.from.SetReadDeadline(time.Unix(1, 0)) // fails for one that is closed
		select {
		case <-l.done:
		case <-ctx.Done():
			return fds, rest, errors.New("nobody reads what the workers write")
		}
		raw, err := l.from.SyscallConn()
		if err != nil {
			continue
		}
		_ = raw.Control(func(fd uintptr) { // fails for one that is closed
			if dup, err := unix.FcntlInt(fd, unix.F_DUPFD, 3); err == nil {
				fds[i], rest[i] = dup, l.rest
			}
		})
	}
	return fds, rest, nil
}

// resume goes on after stop, because there was no other program.
func (o *output) resume(fds [2]int) {
	if o == nil {
		return
	}
	for i, l := range o.streams {
		if fds[i] >= 0 {
			_ = unix.Close(fds[i])
		}
		if l.from == nil {
			continue
		}
		l.mu.Lock()
		again := l.stopped
		l.stopping, l.stopped = false, false
		l.mu.Unlock()
		_ = l.from.SetReadDeadline(time.Time{}) // fails for one that is closed
		if again {
			l.done = make(chan struct{})
			go l.copy()
		}
	}
}

// adoptOutput goes on with what stop has returned in the program before.
func adoptOutput(number int, fds [2]int, rest [2][]byte) *output {
	if fds[0] < 0 && fds[1] < 0 {
		return nil
	}
	o := new(output)
	for i, to := range []*os.File{os.Stdout, os.Stderr} {
		l := &lines{to: to, prefix: fmt.Appendf(nil, "[%d] ", number), done: make(chan struct{}), rest: rest[i]}
		o.streams[i] = l
		if fds[i] < 0 { // it has ended
			close(l.done)
			continue
		}
		unix.CloseOnExec(fds[i])
		_ = unix.SetNonblock(fds[i], true) // so that a deadline ends a read
		l.from = os.NewFile(uintptr(fds[i]), "output")
		go l.copy()
	}
	return o
}

// finish waits until everything that an ended worker has written is written, or the context ends: a process that the worker has left behind
// may have its output open, and whoever reads ours may stand still.
func (o *output) finish(ctx context.Context) {
	if o == nil {
		return
	}
	for _, l := range o.streams {
		select {
		case <-l.done:
		case <-ctx.Done():
			_ = l.from.Close() // ends a read
		}
	}
}

// finished tells whether everything is written.
func (o *output) finished() bool {
	for _, l := range o.streams {
		select {
		case <-l.done:
		default:
			return false
		}
	}
	return true
}
