package uvnet

import (
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/bubble"
)

// A pipe is one of the kernel's: splice moves bytes into one and out of one only. It
// is held while there are bytes in it, not while somebody waits for more.
type pipe struct{ r, w int }

const (
	pipeSize  = 256 << 10   // of its buffer, unless the system's limit is lower
	pipesMax  = 16          // that are kept for the next use
	pipesIdle = time.Second // after which those are closed
)

// pipes are the ones that are kept.
var pipes struct {
	sync.Mutex
	free  []*pipe
	used  bool // since the timer last looked
	timer *time.Timer
}

// newPipe returns an empty pipe.
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

// put gives the pipe back; one that may hold bytes is closed. So is any in a bubble of
// testing/synctest, whose timers are not for all.
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

// closeIdlePipes runs once a second while pipes are kept, and closes them if none was used
// meanwhile.
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
