package uvnet

import (
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/bubble"
)

// A pipe is a pair of descriptors of a pipe(2): splice(2) moves bytes only into a pipe or
// out of one. A copy holds a pipe while there are bytes in it, not while it waits for more.
type pipe struct{ r, w int }

const (
	pipeSize  = 256 << 10   // of a pipe's buffer, unless the system's limit is lower
	pipesMax  = 16          // pipes that are pooled
	pipesIdle = time.Second // without use, after which pooled pipes are closed
)

// pipes is the pool.
var pipes struct {
	sync.Mutex
	free  []*pipe
	used  bool // since the timer last fired
	timer *time.Timer
}

// newPipe returns an empty pipe, from the pool if it has one.
func newPipe() (*pipe, error) {
	pipes.Lock()
	if n := len(pipes.free); n > 0 {
		p := pipes.free[n-1]
		pipes.free = pipes.free[:n-1]
		pipes.used = true
		pipes.Unlock()
		return p, nil
	}
	pipes.Unlock()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, os.NewSyscallError("pipe2", err)
	}
	_, _ = unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize) // a smaller one takes more calls
	return &pipe{fds[0], fds[1]}, nil
}

// put returns the pipe to the pool, or closes it: where it may hold bytes, where the pool is
// full, and in a bubble of testing/synctest, whose timers run by the bubble's clock.
func (p *pipe) put(empty bool) {
	pipes.Lock()
	defer pipes.Unlock()
	if !empty || len(pipes.free) >= pipesMax || bubble.Bubbled() {
		p.close()
		return
	}
	pipes.free = append(pipes.free, p)
	if pipes.timer == nil {
		pipes.timer = time.AfterFunc(pipesIdle, closeIdlePipes)
	}
}

// closeIdlePipes runs once a second while there are pipes in the pool, and closes them if
// none was used since it last ran.
func closeIdlePipes() {
	pipes.Lock()
	defer pipes.Unlock()
	if pipes.used {
		pipes.used = false
		pipes.timer.Reset(pipesIdle)
		return
	}
	for _, p := range pipes.free {
		p.close()
	}
	pipes.free, pipes.timer = nil, nil
}

func (p *pipe) close() {
	unix.Close(p.r)
	unix.Close(p.w)
}

// copyTo copies up to n bytes of the pipe, which holds as many, to w.
func (p *pipe) copyTo(w io.Writer, n int) (int, error) {
	b := newBuffer(n)
	defer b.free()
	m, err := unix.Read(p.r, b.b[:n])
	if err != nil {
		return 0, os.NewSyscallError("read", err)
	}
	return w.Write(b.b[:m])
}
