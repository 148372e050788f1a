package hostile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() { uvtest.Helper("hostile preemption", preempt) }

// TestLoopsHaveNoRing: libuv would change what a loop polls through an io_uring,
// whose changes a signal makes late; see cuv/iouring.c.
func TestLoopsHaveNoRing(t *testing.T) {
	kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		a, b := looptest.Pair(t, l) // by now it would be used
		for _, link := range uvtest.Must(filepath.Glob("/proc/self/fd/*")) {
			if to, err := os.Readlink(link); err == nil && strings.Contains(to, "io_uring") {
				t.Errorf("descriptor %s is %s", filepath.Base(link), to)
			}
		}
		uvtest.CloseAll(t, a, b)
		looptest.Run(t, l)
	})(t)
}

// TestHostilePreemption has loops connect and read while all of the process's
// threads get the signal by which Go preempts, all the time, and others look at
// what the loops poll. None may miss an event, which would hang.
func TestHostilePreemption(t *testing.T) {
	kit.PerParking(func(t *testing.T, park uvgo.Option) {
		ctx, over := context.WithCancel(context.Background())
		cmd := uvtest.Command(t, "hostile preemption", strconv.Itoa(os.Getpid()))
		uvtest.Check(t, cmd.Start())
		var lives sync.WaitGroup
		for range 4 {
			lives.Go(func() {
				for ctx.Err() == nil {
					if err := kit.WholeLife(park, lookOn); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		time.Sleep(2 * hostileFor())
		over()
		lives.Wait()
		uvtest.Check(t, cmd.Process.Kill())
		_ = cmd.Wait()
	})(t)
}

// lookOn asks the kernel again and again what the loop's poll would report.
func lookOn(l *uvgo.Loop) (end func()) {
	fds := []unix.PollFd{{Fd: int32(uvtest.Must(unix.FcntlInt(uintptr(l.BackendFD()), unix.F_DUPFD_CLOEXEC, 0))), Events: unix.POLLIN}}
	var ended atomic.Bool
	var looks sync.WaitGroup
	looks.Go(func() {
		for !ended.Load() {
			_, _ = unix.Poll(fds, 0)
		}
	})
	return func() {
		ended.Store(true)
		looks.Wait()
		unix.Close(int(fds[0].Fd))
	}
}

// preempt sends SIGURG to the threads of the process whose number it is given
// until there is none, or it is killed.
func preempt() {
	pid := uvtest.Must(strconv.Atoi(os.Args[1]))
	for {
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return
		}
		for range 100 {
			for _, e := range tasks {
				_ = unix.Tgkill(pid, uvtest.Must(strconv.Atoi(e.Name())), syscall.SIGURG) // it may be gone
			}
			kit.Spin(10 * time.Microsecond)
		}
	}
}
