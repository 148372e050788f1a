package main

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// An alarm calls a function at a time with the precision of the kernel's clock. The timers of
// the loop count milliseconds, which is more than many an answer takes.
type alarm struct {
	fd   int
	poll *handles.Poll
}

func (a *alarm) open(loop *uvgo.Loop, fn func()) error {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return err
	}
	a.fd = fd
	if a.poll, err = loop.NewPoll(uintptr(fd)); err == nil {
		err = a.poll.Start(handles.Readable, func(handles.PollEvent, error) {
			var expirations [8]byte
			_, _ = unix.Read(a.fd, expirations[:]) // otherwise it stays readable
			fn()
		})
	}
	if err != nil && a.poll == nil {
		unix.Close(fd)
	}
	return err
}

// set lets the function run after d. It replaces an earlier set.
func (a *alarm) set(d time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(d, 1)))}
	_ = unix.TimerfdSettime(a.fd, 0, &spec, nil) // fails only for a time that makes no sense
}

func (a *alarm) close() {
	if a.poll != nil {
		_ = a.poll.Close() // never fails on the loop's goroutine
		a.poll = nil
		unix.Close(a.fd)
	}
}
