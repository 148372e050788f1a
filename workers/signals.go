package workers

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// watchSignals handles the signals that operators send.
func (r *run) watchSignals() error {
	if r.noSignals {
		return nil
	}
	ignore := func(error) {} // the log has it
	r.actions = map[syscall.Signal]func(){
		syscall.SIGTERM: func() { r.stop("SIGTERM") },
		syscall.SIGINT:  func() { r.stop("SIGINT") },
		syscall.SIGHUP:  func() { r.reload(ignore) },
		syscall.SIGUSR2: func() { r.upgrade(ignore) },
		syscall.SIGTTIN: func() { r.try(r.scale(r.target + 1)) },
		syscall.SIGTTOU: func() { r.try(r.scale(r.target - 1)) },
	}
	for sig, fn := range r.actions {
		if err := r.watch(sig, fn); err != nil {
			return err
		}
	}
	return nil
}

// watch calls fn for each signal sig.
func (r *run) watch(sig syscall.Signal, fn func()) error {
	s, err := r.loop.NewSignal()
	if err != nil {
		return err
	}
	if err := s.Start(sig, func(os.Signal) { fn() }); err != nil {
		return err
	}
	r.signals = append(r.signals, s)
	return nil
}

// try logs an error that nobody else hears of.
func (r *run) try(err error) {
	if err != nil {
		r.log.Warn(err.Error())
	}
}

// ignoreSignals has the kernel ignore the signals until the next program handles them: their default action would end the process before Go's
// runtime is there, which unblocks them first of all. A signal that comes in these milliseconds is lost. resume undoes it.
func (r *run) ignoreSignals() (resume func()) {
	var all []os.Signal
	for sig := range r.actions {
		all = append(all, sig)
	}
	if len(all) == 0 {
		return func() {}
	}
	for _, s := range r.signals { // as long as a handle watches, the action is the handle's
		_ = s.Close() // fails only on another goroutine
	}
	r.signals = nil
	signal.Ignore(all...)
	return func() {
		signal.Reset(all...)
		if err := errors.Join(r.watchSignals(), r.watchChildren()); err != nil {
			r.log.Error("workers: signals are not handled any more", "error", err)
		}
		r.reap()
	}
}

// watchChildren waits for the children that no handle of the loop waits for: workers that the program before an upgrade has started, and
// orphans.
func (r *run) watchChildren() error {
	return r.watch(syscall.SIGCHLD, r.reap)
}

// reap waits for such children if they have ended.
func (r *run) reap() {
	for pid, w := range r.living {
		if w.process != nil {
			continue
		}
		var status unix.WaitStatus
		if got, err := unix.Wait4(pid, &status, unix.WNOHANG, nil); err == nil && got == pid {
			w.exited(describe(status))
		} else if err == unix.ECHILD {
			w.exited("status unknown") // somebody else has waited for it
		}
	}
	if r.reapOrphans {
		r.reapOthers()
	}
}

// describe is outcome for a status of wait4.
func describe(status unix.WaitStatus) string {
	if status.Signaled() {
		return outcome(0, status.Signal())
	}
	return outcome(status.ExitStatus(), 0)
}
