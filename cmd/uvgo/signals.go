package main

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
)

// doubled is how long a signal counts as another copy of the one before. timeout(1) sends its signal to the process and to the process's group, which is
// one more some ms later, and a terminal's Ctrl-C may come with that of a script that passes it on. Nobody types two within this time.
const doubled = 500 * time.Millisecond

// isCopy tells whether a signal that comes now is a copy of the one that came at first.
func isCopy(first time.Time) bool { return time.Since(first) < doubled }

// watch calls fn for each of the signals.
func watch(l *uvgo.Loop, fn func(os.Signal), sigs ...os.Signal) error {
	for _, sig := range sigs {
		s, err := l.NewSignal()
		if err != nil {
			return err
		}
		if err := s.Start(sig, fn); err != nil {
			return err
		}
	}
	return nil
}

// signalName returns a signal's name, such as "SIGINT".
func signalName(sig os.Signal) string { return unix.SignalName(sig.(syscall.Signal)) }

// killed returns the status by which shells report that a signal has killed a process.
func killed(sig os.Signal) int { return 128 + int(sig.(syscall.Signal)) }
