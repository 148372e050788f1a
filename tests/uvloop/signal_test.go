package uvloop

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"wakes_idle":              kit.PerLoop(testSignalWakesIdle),
		"repeats":                 kit.PerLoop(testSignalRepeats),
		"prior_restored":          testSignalPriorRestored,
		"old_loop_newer_handlers": kit.PerParking(testOldLoopNewerHandlers),
	})
	uvtest.Helper("signal routing", signalRouting)
}

func testSignalWakesIdle(t *testing.T, l *uvgo.Loop) {
	s, prepare := uvtest.Must(l.NewSignal()), uvtest.Must(l.NewPrepare())
	defer s.Close()
	defer prepare.Close()
	calls := 0
	uvtest.Check(t, s.Start(os.Interrupt, func(sig os.Signal) {
		if sig != os.Interrupt {
			t.Errorf("the callback got %v", sig)
		}
		calls++
		l.Stop()
	}))
	for i := 1; i <= 2; i++ {
		sent := make(chan error, 1)
		uvtest.Check(t, prepare.Start(func() { // the loop is about to wait
			uvtest.Check(t, prepare.Stop())
			go func() { sent <- syscall.Kill(os.Getpid(), syscall.SIGINT) }()
		}))
		looptest.Run(t, l)
		uvtest.Check(t, <-sent)
		if calls != i {
			t.Fatalf("%d callbacks in run %d", calls, i)
		}
	}
}

// refusedSignals cannot be watched: nobody can, Go's runtime needs them, or
// faults raise them.
var refusedSignals = []os.Signal{
	syscall.SIGKILL, syscall.SIGSTOP,
	syscall.SIGURG, syscall.SIGPROF, syscall.SIGPIPE,
	syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGABRT,
	syscall.Signal(0), syscall.Signal(-1), foreignSignal{}, nil,
}

// A foreignSignal is an os.Signal that this system does not have.
type foreignSignal struct{}

func (foreignSignal) Signal()        {}
func (foreignSignal) String() string { return "foreign" }

func testSignalRepeats(t *testing.T, l *uvgo.Loop) {
	kit.Notified(t, kit.SigUsed)
	s := uvtest.Must(l.NewSignal())
	defer s.Close()
	calls := 0
	call := kit.IgnoreSignal(func() { calls++ })
	uvtest.Check(t, s.Start(kit.SigUsed, call))
	for i := 1; i <= 10; i++ {
		kit.Raise(kit.SigUsed)
		if looptest.TurnOnce(t, l); calls != i {
			t.Fatalf("%d callbacks after %d signals", calls, i)
		}
	}
	for range 10 { // several in one turn
		kit.Raise(kit.SigUsed)
	}
	if looptest.TurnOnce(t, l); calls != 20 {
		t.Errorf("%d callbacks for ten signals at once", calls-10)
	}

	for _, sig := range refusedSignals {
		err := s.Start(sig, call)
		if err2 := s.StartOneshot(sig, call); !errors.Is(err, uv.EINVAL) || !errors.Is(err2, uv.EINVAL) {
			t.Errorf("%v: %v and %v, want EINVAL", sig, err, err2)
		}
	}
	if err := s.Start(kit.SigUsed, nil); !errors.Is(err, uv.EINVAL) {
		t.Errorf("a nil callback: %v", err)
	}
	calls = 0
	kit.Raise(kit.SigUsed)
	if looptest.TurnNoWait(t, l); calls != 1 || !s.Active() {
		t.Errorf("%d callbacks, active %t: a refused start must change nothing", calls, s.Active())
	}

	calls = 0
	kit.Raise(kit.SigUsed)
	uvtest.Check(t, s.Stop()) // before it is delivered
	kit.Raise(kit.SigUsed)
	if looptest.TurnNoWait(t, l); calls != 0 || s.Active() || l.Alive() {
		t.Errorf("%d callbacks after Stop, active %t, loop alive %t", calls, s.Active(), l.Alive())
	}
	uvtest.Check(t, s.Start(kit.SigUsed, call))
	kit.Raise(kit.SigUsed)
	uvtest.Check(t, s.Stop())
	uvtest.Check(t, s.Start(kit.SigUsed, call)) // does not bring it back
	if looptest.TurnNoWait(t, l); calls != 0 {
		t.Errorf("%d callbacks for a signal from before Stop", calls)
	}
	kit.Raise(kit.SigUsed)
	if looptest.TurnOnce(t, l); calls != 1 {
		t.Errorf("%d callbacks for a signal after Start", calls)
	}

	// What is refused beforehand leaves the watch alone; what the system refuses
	// ends it, as in libuv.
	for _, tt := range []struct {
		sig    syscall.Signal
		goesOn bool
	}{{65, true}, {4096, true}, {32, false}} {
		uvtest.Check(t, s.Start(kit.SigUsed, call))
		if err := s.Start(tt.sig, call); !errors.Is(err, uv.EINVAL) || s.Active() != tt.goesOn {
			t.Errorf("%v: %v, active %t, want EINVAL, %t", tt.sig, err, s.Active(), tt.goesOn)
		}
	}
}

func testOldLoopNewerHandlers(t *testing.T, park uvgo.Option) {
	std := kit.Notified(t, kit.SigUsed)
	old, newer := looptest.New(t, park), looptest.New(t, park)
	calls := 0
	a, b := uvtest.Must(old.NewSignal()), uvtest.Must(newer.NewSignal())
	uvtest.Check(t, a.Start(kit.SigUsed, func(os.Signal) { t.Error("the old loop got the signal") }))
	uvtest.Check(t, b.Start(kit.SigUsed, kit.IgnoreSignal(func() { calls++ })))
	uvtest.Check(t, old.Shutdown(context.Background()))
	for i := 1; i <= 3; i++ {
		kit.Raise(kit.SigUsed)
		if looptest.TurnOnce(t, newer); calls != i {
			t.Errorf("%d callbacks after %d signals", calls, i)
		}
		<-std
	}
	b.Close()
	looptest.Run(t, newer)
	kit.Raise(kit.SigUsed)
	<-std
}

// helper runs a helper process and fails the test unless it ends with the
// status, 0, or by the signal.
func helper(t *testing.T, by syscall.Signal, name string, args ...string) (output string) {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	cmd := uvtest.Command(t, name, args...)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	switch status := cmd.ProcessState.Sys().(syscall.WaitStatus); {
	case by == 0 && !cmd.ProcessState.Success(), by != 0 && (!status.Signaled() || status.Signal() != by):
		t.Fatalf("%s %v: %v, want signal %d\n%s", name, args, cmd.ProcessState, by, out)
	}
	return string(out)
}

func testSignalPriorRestored(t *testing.T) {
	for _, tt := range []struct {
		routing string
		by      syscall.Signal // ends the helper
	}{
		{"notified", 0},
		{"ignored", 0},
		{"meanwhile", 0},
		{"ignored meanwhile", 0},
		{"ignored at the same time", 0},
		{"default SIGUSR1", 0}, // Go's runtime takes no action
		{"default SIGTERM", syscall.SIGTERM},
		{"default SIGINT", syscall.SIGINT},
		{"default SIGHUP", syscall.SIGHUP},
		{"stopped meanwhile", syscall.SIGTERM},
	} {
		t.Run(tt.routing, func(t *testing.T) {
			if out := helper(t, tt.by, "signal routing", tt.routing); out != "watched\n" {
				t.Errorf("output %q", out)
			}
		})
	}
}

// watchBriefly watches the signal on a loop of its own: it delivers each of
// several signals, and does so oneshot, too.
func watchBriefly(sig syscall.Signal, during func()) {
	l := uvtest.Must(uvgo.New())
	s, other := uvtest.Must(l.NewSignal()), uvtest.Must(l.NewSignal())
	calls := 0
	call := func(os.Signal) { calls++ }
	uvtest.Must(0, s.Start(sig, call))
	uvtest.Must(0, other.StartOneshot(sig, call))
	kit.Raise(sig)
	uvtest.Must(l.RunOnce())
	during()
	uvtest.Must(0, s.Stop())
	uvtest.Must(0, s.Start(sig, call))
	kit.Raise(sig)
	uvtest.Must(l.RunOnce())
	uvtest.Must(0, l.Shutdown(context.Background()))
	if calls != 3 {
		panic("the handles missed a signal, or got one too many")
	}
	os.Stdout.WriteString("watched\n")
}

// signalRouting watches a signal for a while and then sees where it goes.
func signalRouting() {
	c := make(chan os.Signal, 1)
	receives := func(sig syscall.Signal) {
		kit.Raise(sig)
		if got := <-c; got != sig {
			panic(got)
		}
	}
	switch os.Args[1] {
	case "notified":
		signal.Notify(c, syscall.SIGUSR1)
		receives(syscall.SIGUSR1)
		watchBriefly(syscall.SIGUSR1, func() {
			<-c // of the raise before
			receives(syscall.SIGUSR1)
		})
		receives(syscall.SIGUSR1)
		receives(syscall.SIGUSR1)
	case "ignored":
		signal.Ignore(syscall.SIGTERM)
		kit.Raise(syscall.SIGTERM)
		watchBriefly(syscall.SIGTERM, func() {})
		kit.Raise(syscall.SIGTERM)
		if !signal.Ignored(syscall.SIGTERM) {
			panic("no longer ignored")
		}
	case "meanwhile": // os/signal begins and ends while the handle watches
		watchBriefly(syscall.SIGUSR2, func() {
			signal.Notify(c, syscall.SIGUSR2)
			receives(syscall.SIGUSR2)
			signal.Stop(c)
			kit.Raise(syscall.SIGUSR2)
			signal.Notify(c, syscall.SIGUSR2)
		})
		receives(syscall.SIGUSR2)
	case "ignored meanwhile":
		watchBriefly(syscall.SIGTERM, func() {
			signal.Ignore(syscall.SIGTERM)
			kit.Raise(syscall.SIGTERM)
		})
		kit.Raise(syscall.SIGTERM)
		if !signal.Ignored(syscall.SIGTERM) {
			panic("no longer ignored")
		}
	case "ignored at the same time": // Ignore comes while Go's handler runs, or is about to
		ignoreWhileRaised(syscall.SIGTERM)
		watchBriefly(syscall.SIGTERM, func() {})
	case "stopped meanwhile": // the handle goes on, and then the default is back
		signal.Notify(c, syscall.SIGTERM)
		watchBriefly(syscall.SIGTERM, func() {
			signal.Stop(c)
			kit.Raise(syscall.SIGTERM)
		})
		kit.Raise(syscall.SIGTERM)
	case "default SIGUSR1":
		watchBriefly(syscall.SIGUSR1, func() {})
		kit.Raise(syscall.SIGUSR1)
	case "default SIGTERM":
		watchBriefly(syscall.SIGTERM, func() {})
		kit.Raise(syscall.SIGTERM)
	case "default SIGINT":
		watchBriefly(syscall.SIGINT, func() {})
		kit.Raise(syscall.SIGINT)
	case "default SIGHUP":
		watchBriefly(syscall.SIGHUP, func() {})
		kit.Raise(syscall.SIGHUP)
	}
}

// ignoreWhileRaised has os/signal ignore a signal that a handle watches, just when Go's handler is about to run for it: on
// another thread, so each round waits for another while.
func ignoreWhileRaised(sig syscall.Signal) {
	l := uvtest.Must(uvgo.New())
	s := uvtest.Must(l.NewSignal())
	uvtest.Must(0, s.Start(sig, func(os.Signal) {}))
	c := make(chan os.Signal, 1)
	for i := range 8000 {
		signal.Notify(c, sig)
		kit.Raise(sig)
		for range i % 50 {
			runtime.Gosched()
		}
		signal.Ignore(sig)
	}
	uvtest.Must(0, l.Shutdown(context.Background()))
}
