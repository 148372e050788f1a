package uvgo_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// A reports is a log of the watchdog's reports, each with when it came.
type reports struct {
	mu    sync.Mutex
	lines []string
	times []time.Time
	seen  chan struct{}
}

func newReports() *reports { return &reports{seen: make(chan struct{}, 100)} }

func (r *reports) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if bytes.Contains(p, []byte("callback is stuck")) {
		r.lines, r.times = append(r.lines, string(p)), append(r.times, time.Now())
		r.seen <- struct{}{}
	}
	return len(p), nil
}

func (r *reports) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

func (r *reports) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines
}

// wait waits for a report, in a callback that is stuck until then.
func (r *reports) wait(t *testing.T) {
	select {
	case <-r.seen:
	case <-time.After(time.Minute):
		t.Error("no report")
	}
}

//go:noinline
func stuckUntilReported(t *testing.T, r *reports) { r.wait(t) }

// TestWatchdogReportsWhileStuck: the callback ends by the report, so there is none without it.
func TestWatchdogReportsWhileStuck(t *testing.T) {
	for name, way := range looptest.Parkings {
		t.Run(name, func(t *testing.T) {
			core.ForgetStuck() // the other one was at the same place
			r := newReports()
			l := looptest.New(t, uvgo.WithWatchdog(100*time.Millisecond), uvgo.WithLogger(r.logger()), uvgo.WithParking(way))
			var began time.Time
			tm := uvtest.Must(l.NewTimer())
			uvtest.Check(t, tm.Start(0, 0, func() {
				began = time.Now()
				stuckUntilReported(t, r)
				uvtest.Expect(t, tm.Close())
			}))
			uvtest.Check(t, l.Run(context.Background()))
			if len(r.lines) != 1 {
				t.Fatalf("%d reports", len(r.lines))
			}
			took := r.times[0].Sub(began)
			t.Logf("reported %v after the callback began: %s", took, r.lines[0])
			if took < 100*time.Millisecond {
				t.Errorf("it came after %v, before the limit", took)
			}
			for _, want := range []string{"level=WARN", "options_watchdog_test.go:", "stuckUntilReported", "state=select", "TestWatchdogReportsWhileStuck"} {
				if !strings.Contains(r.lines[0], want) {
					t.Errorf("the report has no %q", want)
				}
			}
			if strings.Contains(r.lines[0], "internal/core") {
				t.Error("the report has the loop's own calls")
			}
			if s := l.Stats(); s.StuckCallbacks != 1 || s.SlowCallbacks != 1 {
				t.Errorf("%d stuck, %d slow callbacks", s.StuckCallbacks, s.SlowCallbacks)
			}
		})
	}
}

// A logLines is a log that another goroutine reads line by line.
type logLines chan string

func (l logLines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// TestStuckCallbackHook: it is told what the log says, while the callback runs, and its panic is logged.
func TestStuckCallbackHook(t *testing.T) {
	core.ForgetStuck()
	told, log := make(chan uv.StuckCallback, 1), make(logLines, 10)
	l := looptest.New(t, uvgo.WithName("web"), uvgo.WithWatchdog(5*time.Millisecond), uvgo.WithLogger(slog.New(slog.NewTextHandler(log, nil))),
		uvgo.WithStuckCallbackHook(func(c uv.StuckCallback) {
			told <- c
			panic("of the hook")
		}))
	var got uv.StuckCallback
	uvtest.Check(t, l.Post(func() { got = stuckUntilTold(t, told) }))
	uvtest.Check(t, l.Run(context.Background()))
	if got.Loop != "web" || got.Held < 5*time.Millisecond || got.State == "" || len(got.Stack) != 2 ||
		!strings.Contains(got.Stack[0], "stuckUntilTold") || got.Site != got.Stack[1] || !strings.Contains(got.Site, "options_watchdog_test.go:") {
		t.Errorf("the hook got %+v", got)
	}
	for line := range log { // the report comes first
		if strings.Contains(line, "the hook of stuck callbacks panicked") {
			break
		}
	}
}

//go:noinline
func stuckUntilTold(t *testing.T, told chan uv.StuckCallback) (got uv.StuckCallback) {
	select {
	case got = <-told:
	case <-time.After(time.Minute):
		t.Error("the hook was not called")
	}
	return got
}

//go:noinline
func stuckAgain(l *uvgo.Loop, until func() bool) {
	for !until() {
		time.Sleep(time.Millisecond)
	}
}

func TestWatchdogReportsAPlaceOnce(t *testing.T) {
	core.ForgetStuck()
	r := newReports()
	l := looptest.New(t, uvgo.WithWatchdog(5*time.Millisecond), uvgo.WithLogger(r.logger()))
	for n := range uint64(3) {
		uvtest.Check(t, l.Post(func() {
			stuckAgain(l, func() bool { return l.Stats().StuckCallbacks > n && len(r.all()) > 0 })
		}))
	}
	uvtest.Check(t, l.Run(context.Background()))
	if len(r.all()) != 1 || l.Stats().StuckCallbacks != 3 {
		t.Errorf("%d reports of %d stuck callbacks", len(r.all()), l.Stats().StuckCallbacks)
	}
}

// TestWatchdogTellsLoopsApart: each stack is that of its own loop, also while others' callbacks block without their loops.
func TestWatchdogTellsLoopsApart(t *testing.T) {
	core.ForgetStuck()
	const loops = 4
	var logs [loops]*reports
	var wg sync.WaitGroup
	for i := range logs {
		r := newReports()
		logs[i] = r
		l := looptest.New(t, uvgo.WithWatchdog(50*time.Millisecond), uvgo.WithLogger(r.logger()))
		release := make(chan struct{})
		uvtest.Check(t, l.Post(func() { // on another goroutine's stack with the same loop
			uvtest.Expect(t, l.Block(func() { <-release }))
		}))
		stuck := [loops]func(){func() { stuck0(t, r) }, func() { stuck1(t, r) }, func() { stuck2(t, r) }, func() { stuck3(t, r) }}[i]
		uvtest.Check(t, l.Post(stuck))
		uvtest.Check(t, l.Post(func() { close(release) }))
		wg.Go(func() { uvtest.Expect(t, l.Run(context.Background())) })
	}
	wg.Wait()
	for i, r := range logs {
		if len(r.lines) != 1 || !strings.Contains(r.lines[0], fmt.Sprintf("stuck%d(", i)) {
			t.Errorf("loop %d: reports %q", i, r.lines)
		}
	}
}

//go:noinline
func stuck0(t *testing.T, r *reports) { r.wait(t) }

//go:noinline
func stuck1(t *testing.T, r *reports) { r.wait(t) }

//go:noinline
func stuck2(t *testing.T, r *reports) { r.wait(t) }

//go:noinline
func stuck3(t *testing.T, r *reports) { r.wait(t) }

// TestWatchdogLetsOthersBe: a callback that blocks by Block, one that the loop goes on without, short ones in a long row, and a loop
// that waits. The last callback, which is stuck, shows that the watchdog looked.
func TestWatchdogLetsOthersBe(t *testing.T) {
	core.ForgetStuck()
	r := newReports()
	l := looptest.New(t, uvgo.WithWatchdog(40*time.Millisecond), uvgo.WithLogger(r.logger()))
	uvtest.Check(t, l.Post(func() {
		uvtest.Expect(t, l.Block(func() { time.Sleep(200 * time.Millisecond) }))
	}))
	uvtest.Check(t, l.Post(func() { core.Of(l).Lend(lentSleep(200 * time.Millisecond)) }))
	for range 40 {
		uvtest.Check(t, l.Post(func() { time.Sleep(5 * time.Millisecond) }))
	}
	tm := uvtest.Must(l.NewTimer())
	uvtest.Check(t, tm.Start(500*time.Millisecond, 0, func() {
		if n := len(r.all()); n != 0 {
			t.Errorf("false alarms: %q", r.all())
		}
		stuckUntilReported2(t, r)
		uvtest.Expect(t, tm.Close())
	}))
	uvtest.Check(t, l.Run(context.Background()))
}

//go:noinline
func stuckUntilReported2(t *testing.T, r *reports) { r.wait(t) }

type lentSleep time.Duration

func (d lentSleep) RunLent() { time.Sleep(time.Duration(d)) }

func TestWatchdogCanBeTurnedOff(t *testing.T) {
	core.ForgetStuck()
	r := newReports()
	off := looptest.New(t, uvgo.WithWatchdog(0), uvgo.WithLogger(r.logger()))
	on := newReports()
	l := looptest.New(t, uvgo.WithWatchdog(20*time.Millisecond), uvgo.WithLogger(on.logger()))
	uvtest.Check(t, off.Post(func() {
		uvtest.Check(t, l.Post(func() { stuckOn(t, on) }))
		uvtest.Expect(t, l.Run(context.Background())) // within the callback of the other
	}))
	uvtest.Check(t, off.Run(context.Background()))
	if len(r.all()) != 0 || len(on.all()) != 1 {
		t.Errorf("%d reports of the loop without a watchdog, %d of the other", len(r.all()), len(on.all()))
	}
	for _, env := range []string{"-1s", "x", "1", "999us", "on"} {
		t.Setenv("UVGO_WATCHDOG", env)
		if _, err := uvgo.New(); !errors.Is(err, uv.EINVAL) || !strings.Contains(err.Error(), `UVGO_WATCHDOG is "`+env+`"`) {
			t.Errorf("UVGO_WATCHDOG=%s: %v", env, err)
		}
	}
	t.Setenv("UVGO_WATCHDOG", "")
	for _, d := range []time.Duration{-1, 1, time.Millisecond - 1} {
		_, err := uvgo.New(uvgo.WithWatchdog(d))
		uvtest.IsErr(t, d.String(), err, uv.EINVAL)
	}
}

// TestWatchdogByDefault: it is on at 100 ms; the environment variable says otherwise, also where the option says something else. All
// looks are for that of a loop of which the process knows that it is found.
func TestWatchdogByDefault(t *testing.T) {
	for _, c := range []struct {
		name, env string
		opts      []uvgo.Option
		limit     time.Duration // 0: never
	}{
		{"the default", "", nil, 100 * time.Millisecond},
		{"the option turns it off", "", []uvgo.Option{uvgo.WithWatchdog(0)}, 0},
		{"the variable turns it off", "off", []uvgo.Option{uvgo.WithWatchdog(5 * time.Millisecond)}, 0},
		{"0 is off", "0", nil, 0},
		{"the variable is shorter", "10ms", nil, 10 * time.Millisecond},
		{"the variable turns it on", "30ms", []uvgo.Option{uvgo.WithWatchdog(0)}, 30 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("UVGO_WATCHDOG", c.env)
			core.ForgetStuck()
			r := newReports()
			l := looptest.New(t, append(c.opts, uvgo.WithLogger(r.logger()))...)
			t.Setenv("UVGO_WATCHDOG", "")
			other := looptest.New(t, uvgo.WithWatchdog(200*time.Millisecond), uvgo.WithLogger(slog.New(slog.DiscardHandler)))
			uvtest.Check(t, other.Post(func() {
				uvtest.Check(t, l.Post(func() {
					began := time.Now()
					stuckAgain(l, func() bool {
						if c.limit == 0 { // the watchdog has looked for long enough to find the other, which waits for this one
							return other.Stats().StuckCallbacks > 0
						}
						return l.Stats().StuckCallbacks > 0
					})
					if took := time.Since(began); took < c.limit {
						t.Errorf("found after %v", took)
					}
				}))
				uvtest.Expect(t, l.Run(context.Background()))
			}))
			uvtest.Check(t, other.Run(context.Background()))
			if n := l.Stats().StuckCallbacks; n != 0 != (c.limit > 0) {
				t.Errorf("%d stuck callbacks", n)
			}
		})
	}
}

//go:noinline
func stuckOn(t *testing.T, r *reports) { r.wait(t) }

// TestWatchdogAmongManyGoroutines takes the stack from the profile of goroutines.
func TestWatchdogAmongManyGoroutines(t *testing.T) {
	core.ForgetStuck()
	release := make(chan struct{})
	var wg sync.WaitGroup
	for range 10000 {
		wg.Go(func() { <-release })
	}
	r := newReports()
	l := looptest.New(t, uvgo.WithWatchdog(100*time.Millisecond), uvgo.WithLogger(r.logger()))
	began := time.Now()
	uvtest.Check(t, l.Post(func() { stuckAmongMany(t, r) }))
	uvtest.Check(t, l.Run(context.Background()))
	close(release)
	wg.Wait()
	if lines := r.all(); len(lines) != 1 || !strings.Contains(lines[0], "stuckAmongMany(") || strings.Contains(lines[0], "internal/core.") {
		t.Errorf("reports %q", lines)
	} else {
		t.Logf("reported after %v", r.times[0].Sub(began))
	}
	runtime.GC()
}

//go:noinline
func stuckAmongMany(t *testing.T, r *reports) { r.wait(t) }

func init() {
	uvtest.Helper("watchdog-stopped", func() {
		r := newReports()
		l := uvtest.Must(uvgo.New(uvgo.WithWatchdog(400*time.Millisecond), uvgo.WithLogger(r.logger())))
		_ = l.Post(func() {
			fmt.Println("in the callback")
			time.Sleep(100 * time.Millisecond) // the process is stopped meanwhile
		})
		if err := l.Run(context.Background()); err != nil {
			panic(err)
		}
		fmt.Println("reports:", len(r.all()), "slow:", l.Stats().SlowCallbacks)
		_ = l.Close()
		os.Exit(0)
	})
}

// TestWatchdogForgivesAStoppedProcess: the callback takes a second, in which the process was stopped.
func TestWatchdogForgivesAStoppedProcess(t *testing.T) {
	cmd := uvtest.Command(t, "watchdog-stopped")
	cmd.Env = append(cmd.Env, "UVGO_WATCHDOG=") // Command's turns it off
	out := uvtest.Must(cmd.StdoutPipe())
	uvtest.Check(t, cmd.Start())
	in := bufio.NewReader(out)
	uvtest.Must(in.ReadString('\n'))
	uvtest.Check(t, cmd.Process.Signal(syscall.SIGSTOP))
	time.Sleep(time.Second) // how long it stands still
	uvtest.Check(t, cmd.Process.Signal(syscall.SIGCONT))
	if line := uvtest.Must(in.ReadString('\n')); line != "reports: 0 slow: 1\n" {
		t.Errorf("the process says %q", line)
	}
	uvtest.Check(t, cmd.Wait())
}
