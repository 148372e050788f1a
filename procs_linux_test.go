package uvgo_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("procs", procs) }

// procs runs as many loops as there are processors, in both ways and at once, and
// then takes all CPUs but one from every thread of the process. With an argument the
// loops ask for a spare processor.
func procs() {
	var opts []uvgo.Option
	if len(os.Args) > 1 {
		opts = append(opts, uvgo.WithSpareProc())
	}
	before := runtime.GOMAXPROCS(0)
	for _, p := range []uvgo.Parking{uvgo.ParkThread, uvgo.ParkGoroutine} {
		g, err := uvgo.NewGroup(0, append(opts, uvgo.WithParking(p))...)
		if err != nil {
			panic(err)
		}
		ran := make(chan error)
		go func() { ran <- g.Run(context.Background()) }()
		for _, l := range g.Loops() {
			in := make(chan bool)
			if err := l.Post(func() { close(in) }); err != nil {
				panic(err)
			}
			<-in
		}
		fmt.Println("procs", runtime.GOMAXPROCS(0)-before)
		if err := g.Shutdown(context.Background()); err != nil {
			panic(err)
		}
		<-ran
	}
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		panic(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	fmt.Println("taking")
	for runtime.GOMAXPROCS(0) != 1 {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			panic(err)
		}
		for _, e := range threads {
			id, _ := strconv.Atoi(e.Name())
			_ = unix.SchedSetaffinity(id, &one) // the thread may have ended
		}
		time.Sleep(20 * time.Millisecond) // until Go looks, once a second
	}
	fmt.Println("follows")
}

// withoutVariable takes the variable GOMAXPROCS, which overrules everything, from
// the environment of the processes that the test starts.
func withoutVariable(t *testing.T) {
	t.Setenv("GOMAXPROCS", "") // puts it back
	os.Unsetenv("GOMAXPROCS")
}

// TestGOMAXPROCSFollowsTheSystem runs loops on every processor and looks whether Go
// goes on following the CPU affinity, as it does the cgroup's limit.
func TestGOMAXPROCSFollowsTheSystem(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("needs two CPUs, to take one away")
	}
	uvtest.Watchdog(t, 2*time.Minute)
	withoutVariable(t)
	p := uvtest.Start(t, "procs")
	for range 2 {
		if got := p.Expect(`^procs (.*)`); got != "0" {
			t.Errorf("GOMAXPROCS was changed by %s", got)
		}
	}
	p.Expect("^(taking)")
	p.Expect("^(follows)")
	p.Wait(0)
}

// TestWithSpareProc asks for a processor more than there are loops in C.
func TestWithSpareProc(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	withoutVariable(t)
	p := uvtest.Start(t, "procs", "spare")
	if got := p.Expect(`^procs (.*)`); got != "1" {
		t.Errorf("GOMAXPROCS was raised by %s with as many loops as processors, want 1", got)
	}
	p.Expect("^(taking)") // it does not follow any more: the test's end kills it
}
