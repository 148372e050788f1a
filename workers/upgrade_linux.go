package workers

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

const canUpgrade = true

// handled are the signals that must not kill the process, or be lost, between two programs.
var handled = []unix.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGUSR2, unix.SIGTTIN, unix.SIGTTOU}

// The program after an upgrade runs main, and Run in it, on the thread that has made the workers before, which exec has made the first.
func init() {
	if os.Getenv(envLegacy) != "" {
		runtime.LockOSThread()
	}
}

// mayExec tells whether no worker is the child of another thread: exec ends the other threads, and the kernel their children.
func (r *run) mayExec() error {
	for _, w := range r.living {
		if w.process == nil && unix.Gettid() != os.Getpid() {
			return errors.New("workers are there from before the last upgrade, and Run does not run on main's goroutine: reload first")
		}
	}
	return nil
}

// become executes a program in this process: on this thread, whose children the workers are. It returns only if that fails.
func (r *run) become(exe string) error {
	if err := r.mayExec(); err != nil {
		return err
	}
	l, undo := r.bequeath()
	fds := []int{l.Notify, l.Control}
	for _, s := range l.Sockets {
		fds = append(fds, s.FD)
	}
	file, err := unix.MemfdCreate("uvgo-workers", 0)
	if err != nil {
		undo()
		return os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(file), "legacy")
	defer f.Close()
	err = json.NewEncoder(f).Encode(l)
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		undo()
		return err
	}
	r.log.Info("workers: executes the new program", "path", exe, "pid", os.Getpid(), "workers", len(l.Workers))
	mask := blockSignals()
	inherit(fds, true)
	env := append(os.Environ(), fmt.Sprintf("%s=%d:%d", envLegacy, file, os.Getpid()))
	err = syscall.Exec(exe, os.Args, env)
	inherit(fds, false)
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &mask, nil) // fails only for a bad argument
	undo()
	return &os.PathError{Op: "exec", Path: exe, Err: err}
}

// inherit sets whether descriptors stay open over exec.
func inherit(fds []int, on bool) {
	flag := unix.FD_CLOEXEC
	if on {
		flag = 0
	}
	for _, fd := range fds {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, flag) // they are open
	}
}

// blockSignals blocks the signals for this thread, and returns its mask before. exec keeps the mask, and what is pending.
func blockSignals() (before unix.Sigset_t) {
	set := handledSet()
	_ = unix.PthreadSigmask(unix.SIG_BLOCK, &set, &before) // fails only for a bad argument
	return before
}

// unblockSignals lets signals come that the program before has blocked. The caller is locked to its thread.
func unblockSignals() {
	set := handledSet()
	_ = unix.PthreadSigmask(unix.SIG_UNBLOCK, &set, nil) // fails only for a bad argument
}

// handledSet is handled as the kernel takes it.
func handledSet() (set unix.Sigset_t) {
	const word = 32 << (^uint(0) >> 63) // bits of an unsigned long
	for _, sig := range handled {
		n := int(sig) - 1
		set.Val[n/word] |= 1 << (n % word)
	}
	return set
}
