package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/activation"
)

const canUpgrade = true

// The program after an upgrade runs main, and Run in it, on the thread that has made the workers before, which exec has made the first. The
// variable goes, so that workers do not inherit it.
func init() {
	text := os.Getenv(envLegacy)
	if text == "" {
		return
	}
	_ = os.Unsetenv(envLegacy) // fails only for a bad name
	var pid int
	if _, err := fmt.Sscanf(text, "%d:%d", &left.fd, &pid); err == nil && pid == os.Getpid() { // else another process was meant
		left.ours = true
		runtime.LockOSThread()
		// Go's runtime handles SIGTERM again, which would end the process until Run handles it.
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR2, syscall.SIGTTIN, syscall.SIGTTOU)
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
	l, undo, err := r.bequeath()
	if err != nil {
		undo()
		return err
	}
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
	resume := r.ignoreSignals()
	inherit(fds, true)
	env := append(os.Environ(), fmt.Sprintf("%s=%d:%d", envLegacy, file, os.Getpid()))
	err = syscall.Exec(exe, os.Args, env)
	inherit(fds, false)
	resume()
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

// bequeath describes what there is. undo goes on with it, if nobody takes it over, also after an error.
func (r *run) bequeath() (l *legacy, undo func(), err error) {
	var undos []func()
	undo = func() {
		for _, fn := range undos {
			fn()
		}
	}
	l = &legacy{Version: legacyVersion, Generation: r.generation, Target: r.target, Told: r.told}
	l.Notify, l.NotifyName = r.notifier.fd, r.notifier.address
	l.Control, l.Path = r.control.duplicate(), r.control.where()
	undos = append(undos, func() { _ = unix.Close(l.Control) })
	add := func(slot int, all []*activation.Socket) {
		for _, s := range all {
			l.Sockets = append(l.Sockets, legacySocket{Slot: slot, Text: s.Text, Name: s.Name, FD: s.FD, Owned: s.Owned()})
		}
	}
	add(0, r.sockets)
	for _, s := range r.slots {
		add(s.number, s.sockets)
		l.Slots = append(l.Slots, legacySlot{Failures: s.failures, Failed: s.failed, Restarts: s.restarts, LastExit: s.lastExit})
	}
	limit, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, w := range r.living {
		fds, rest, err := w.output.stop(limit)
		undos = append(undos, func() { w.output.resume(fds) })
		if err != nil {
			return l, undo, err
		}
		l.Workers = append(l.Workers, legacyWorker{
			Slot: w.slot.number, PID: w.pid, Generation: w.generation, State: w.state, Current: w.slot.current == w, Started: w.started,
			MaxAge: w.maxAge, Message: w.message, WantsReady: w.wantsReady, Output: fds, Rest: rest,
		})
	}
	return l, undo, nil
}
