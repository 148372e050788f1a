package cuv_test

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/uvgo/uvgo/cuv"
)

// sigaction is the kernel's, as far as architectures agree.
type sigaction struct {
	handler uintptr
	flags   uint64
	_       [16]byte
}

const saOnStack = 0x08000000

func actionOf(t *testing.T, sig syscall.Signal) (a sigaction) {
	t.Helper()
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&a)), 8, 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	return a
}

// libuv watches SIGCHLD from a loop's first child on: on the alternate stack,
// for goroutines' are too small, and only until the last handle is closed.
func TestProcessSIGCHLDHandler(t *testing.T) {
	l := newLoop(t, 64)
	before := actionOf(t, syscall.SIGCHLD)
	for range 2 {
		h, rc := l.Spawn(&cuv.Command{File: "/bin/sh", Args: []string{"sh", "-c", "exit 3"}}, 1, 1)
		if rc != 0 {
			t.Fatal(rc)
		}
		if a := actionOf(t, syscall.SIGCHLD); a.handler == before.handler || a.flags&saOnStack == 0 {
			t.Errorf("handler %#x (Go's %#x), flags %#x", a.handler, before.handler, a.flags)
		}
		var ev cuv.Event
		for ev.Kind != cuv.EvExit {
			for l.Turn(cuv.RunOnce, false); l.Pending() > 0; {
				l.Next(&ev)
			}
		}
		if ev.ExitStatus() != 3 || ev.Signal() != 0 {
			t.Errorf("status %d, signal %d", ev.ExitStatus(), ev.Signal())
		}
		if h.ProcessClose(false) {
			t.Error("a child that has ended runs on")
		}
		if a := actionOf(t, syscall.SIGCHLD); a != before {
			t.Errorf("%+v after the close, %+v before", a, before)
		}
		for ev.Kind != cuv.EvClose {
			for l.Turn(cuv.RunNoWait, false); l.Pending() > 0; {
				l.Next(&ev)
			}
		}
		l.Submit(cuv.OpFree, h, 0, 0)
	}
}
