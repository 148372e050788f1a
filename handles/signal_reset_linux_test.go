package handles_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// resets is how many signals a test's process gets.
const resets = 50

// What other code of the program may do with a signal that a handle watches.
var takeAway = map[string]func(){
	"reset":    func() { signal.Reset(syscall.SIGTERM) },
	"resetall": func() { signal.Reset() },
	"stop": func() {
		_, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		stop()
	},
	"notify and reset": func() {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM)
		signal.Reset(syscall.SIGTERM)
	},
}

func init() {
	for name, do := range takeAway {
		uvtest.Helper("signal "+name, func() { watchThenDie(do, (*handles.Signal).Start) })
		uvtest.Helper("signal oneshot "+name, func() { watchThenDie(do, (*handles.Signal).StartOneshot) })
	}
	uvtest.Helper("signal notified", notifiedAfterReset)
	uvtest.Helper("signal ignored", ignoredWhileWatched)
	uvtest.Helper("signal stopped", stoppedInCallback)
}

// watchThenDie watches SIGTERM, and sends itself the signal several times. Before each
// it takes the signal away from os/signal. Then it stops watching and sends another
// SIGTERM, which ends the process.
func watchThenDie(takeAway func(), start func(*handles.Signal, os.Signal, func(os.Signal)) error) {
	uvtest.Must(0, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		s := uvtest.Must(l.NewSignal())
		n := 0
		var send, count func()
		count = func() {
			if n++; n < resets {
				send()
				return
			}
			fmt.Println(n, "callbacks")
			s.Close()
		}
		send = func() {
			uvtest.Must(0, start(s, syscall.SIGTERM, func(os.Signal) { count() }))
			takeAway()
			go raise(syscall.SIGTERM)
		}
		send()
		return nil
	}))
	die()
}

// notifiedAfterReset: a channel that is registered after signal.Reset gets every
// signal.
func notifiedAfterReset() {
	c := make(chan os.Signal, 1)
	uvtest.Must(0, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		s := uvtest.Must(l.NewSignal())
		n, told := 0, 0
		next := func() {
			if n != told {
				return // the other of the two is under way
			}
			if n == resets {
				fmt.Println(n, "callbacks,", told, "told")
				s.Close()
				return
			}
			signal.Reset(syscall.SIGTERM)
			signal.Notify(c, syscall.SIGTERM)
			go raise(syscall.SIGTERM)
		}
		go func() {
			for range c {
				l.Post(func() { told++; next() })
			}
		}()
		uvtest.Must(0, s.Start(syscall.SIGTERM, func(os.Signal) { n++; next() }))
		next()
		return nil
	}))
	signal.Stop(c)
	die()
}

// ignoredWhileWatched: the handle gets signals that os/signal ignores. After Stop they
// are ignored.
func ignoredWhileWatched() {
	uvtest.Must(0, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		s := uvtest.Must(l.NewSignal())
		uvtest.Must(0, s.Start(syscall.SIGTERM, func(os.Signal) { fmt.Println("callback"); s.Close() }))
		signal.Ignore(syscall.SIGTERM)
		go raise(syscall.SIGTERM)
		return nil
	}))
	raise(syscall.SIGTERM)
	fmt.Println("ignored:", signal.Ignored(syscall.SIGTERM))
}

// stoppedInCallback stops the handle in its callback and sends itself the signal, which
// ends the process.
func stoppedInCallback() {
	uvtest.Must(0, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		s := uvtest.Must(l.NewSignal())
		uvtest.Must(0, s.Start(syscall.SIGTERM, func(os.Signal) {
			fmt.Println("callback")
			s.Close()
			signal.Reset(syscall.SIGTERM)
			raise(syscall.SIGTERM)
		}))
		go raise(syscall.SIGTERM)
		return nil
	}))
	select {} // the signal is for any thread
}

// raise sends the process a signal.
func raise(sig syscall.Signal) { uvtest.Must(0, syscall.Kill(os.Getpid(), sig)) }

// die ends the process by SIGTERM's default action.
func die() {
	raise(syscall.SIGTERM)
	select {} // the signal is for any thread
}

// TestSignalTakenFromOSSignal: while a handle watches a signal, the signal's default
// action is off, whatever the program calls in os/signal. After Stop it is on again.
func TestSignalTakenFromOSSignal(t *testing.T) {
	callbacks := fmt.Sprint(resets, " callbacks\n")
	tests := map[string]string{
		"notified": fmt.Sprintf("%d callbacks, %[1]d told\n", resets),
		"stopped":  "callback\n",
	}
	for name := range takeAway {
		tests[name], tests["oneshot "+name] = callbacks, callbacks
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uvtest.Watchdog(t, 2*time.Minute)
			out, err := uvtest.Command(t, "signal "+name).CombinedOutput()
			if got := endedBy(err); string(out) != want || got != syscall.SIGTERM {
				t.Errorf("printed %q, want %q; ended by %v (%v), want SIGTERM", out, want, got, err)
			}
		})
	}
}

// TestSignalIgnoredWhileWatched: signal.Ignore takes effect when the handle stops.
func TestSignalIgnoredWhileWatched(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	out, err := uvtest.Command(t, "signal ignored").CombinedOutput()
	if want := "callback\nignored: true\n"; err != nil || string(out) != want {
		t.Errorf("printed %q, %v; want %q", out, err, want)
	}
}

// endedBy is the signal that ended a process, or -1.
func endedBy(err error) syscall.Signal {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return -1
	}
	return exit.Sys().(syscall.WaitStatus).Signal()
}

// TestSignalThread: the thread that runs Go's handler begins when a handle first
// watches a signal.
func TestSignalThread(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	out, err := uvtest.Command(t, "signal threads").CombinedOutput()
	if want := "[] [uvgo-signals]\n"; err != nil || string(out) != want {
		t.Errorf("printed %q, %v; want %q", out, err, want)
	}
}

func init() {
	uvtest.Helper("signal threads", func() {
		l := uvtest.Must(uvgo.New(uvgo.WithWatchdog(0))) // which has a thread, too
		before := signalThreads()
		for range 2 {
			s := uvtest.Must(l.NewSignal())
			uvtest.Must(0, s.Start(syscall.SIGTERM, func(os.Signal) {}))
			uvtest.Must(0, s.Close())
		}
		uvtest.Must(l.RunNoWait())
		uvtest.Must(0, l.Close())
		for len(signalThreads()) == len(before) { // the thread sets its name after it has begun
			time.Sleep(time.Millisecond)
		}
		fmt.Println(before, signalThreads())
	})
}

// signalThreads returns the process's threads that uvgo made for signals.
func signalThreads() []string {
	names := []string{}
	for _, dir := range uvtest.Must(os.ReadDir("/proc/self/task")) {
		comm, err := os.ReadFile("/proc/self/task/" + dir.Name() + "/comm")
		if err == nil && strings.HasPrefix(string(comm), "uvgo") {
			names = append(names, strings.TrimSpace(string(comm)))
		}
	}
	slices.Sort(names)
	return names
}
