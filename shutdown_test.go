package uvgo_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

var bg = context.Background()

// open makes a loop that the test closes itself.
func open(t *testing.T, opts ...uvgo.Option) *uvgo.Loop {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	l, err := uvgo.New(opts...)
	uvtest.Check(t, err)
	return l
}

func TestShutdownClosesEverything(t *testing.T) {
	l := open(t)
	closed := uvtest.NewCounter(t, "close callback", 4)
	idle, err := l.NewIdle()
	uvtest.Check(t, err)
	uvtest.Check(t, idle.Start(func() { t.Error("a closing handle ran") }))
	idle.OnClose(func() {
		closed.Inc()
		timer, err := l.NewTimer() // what close callbacks open is closed, too
		uvtest.Check(t, err)
		timer.OnClose(closed.Inc)
	})
	async, err := l.NewAsync(nil)
	uvtest.Check(t, err)
	async.OnClose(func() {
		closed.Inc()
		uvtest.Check(t, l.Post(closed.Inc)) // and what they post runs
	})
	uvtest.Check(t, l.Shutdown(bg))
	uvtest.Check(t, l.Shutdown(bg))
	if err := l.Post(func() {}); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("Post after Shutdown: %v", err)
	}
}

func TestShutdownRunsWhatWasPosted(t *testing.T) {
	l := open(t)
	ran := 0
	var post func()
	post = func() {
		if ran++; ran < 10 {
			uvtest.Check(t, l.Post(post))
		}
	}
	uvtest.Check(t, l.Post(post))
	l.Stop() // does not hinder it
	uvtest.Check(t, l.Shutdown(bg))
	if ran != 10 {
		t.Errorf("%d functions ran, want 10", ran)
	}
}

func TestShutdownNamesWhatIsOpen(t *testing.T) {
	l := open(t, uvgo.WithDebug())
	_, err := l.NewTimer()
	uvtest.Check(t, err)
	_, err = l.NewPrepare()
	uvtest.Check(t, err)
	ctx, cancel := context.WithCancel(bg)
	cancel()
	err = l.Shutdown(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown with a context that has ended: %v", err)
	}
	for _, want := range []string{"2 handles", "timer created at", "prepare created at", "shutdown_test.go:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
	uvtest.Check(t, l.Shutdown(bg)) // it can be continued
}

//go:noinline
func makesATimer(t *testing.T, l *uvgo.Loop) {
	_, err := l.NewTimer()
	uvtest.Check(t, err)
}

// TestDebugModeReportsCreationStacks: for handles that Close and Shutdown find open, up to the function that the loop has called.
func TestDebugModeReportsCreationStacks(t *testing.T) {
	var log bytes.Buffer
	l := open(t, uvgo.WithDebug(), uvgo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	uvtest.Check(t, l.Post(func() { makesATimer(t, l) }))
	uvtest.Check(t, l.Run(bg))
	uvtest.IsErr(t, "close", l.Close(), uv.EBUSY)
	uvtest.Check(t, l.Shutdown(bg))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "close finds an open handle") || !strings.Contains(lines[1], "shutdown closes a handle") {
		t.Fatalf("the log says %q", lines)
	}
	for _, line := range lines {
		_, created, _ := strings.Cut(line, "created=")
		for _, want := range []string{"makesATimer(", "TestDebugModeReportsCreationStacks.func", "shutdown_test.go:"} {
			if !strings.Contains(created, want) {
				t.Errorf("the report lacks %q: %s", want, line)
			}
		}
		if strings.Contains(created, "internal/core") || strings.Contains(created, "goexit") || strings.Contains(created, "NewTimer(") {
			t.Errorf("the report has calls of uvgo's or Go's own: %s", line)
		}
	}
	log.Reset()
	quiet := open(t, uvgo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	makesATimer(t, quiet)
	uvtest.IsErr(t, "close", quiet.Close(), uv.EBUSY)
	uvtest.Check(t, quiet.Shutdown(bg))
	if log.Len() > 0 {
		t.Errorf("without debug mode: %s", log.String())
	}
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	l := open(t)
	var forever func()
	forever = func() { _ = l.Post(forever) }
	forever()
	ctx, cancel := context.WithTimeout(bg, 5*time.Millisecond)
	defer cancel()
	if err := l.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown of a loop that never rests: %v", err)
	}
	forever = func() {}
	uvtest.Check(t, l.Shutdown(bg))
}

func TestRunMakesAndClosesALoop(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	boom := errors.New("boom")
	before := core.OpenLoops()
	ran := uvtest.NewCounter(t, "timer callback", 1)
	start := func(l *uvgo.Loop) error {
		_, err := l.NewAsync(nil) // left open
		uvtest.Check(t, err)
		_, err = l.AfterFunc(time.Millisecond, func() {
			ran.Inc()
			l.Stop()
		})
		return err
	}
	uvtest.Check(t, uvgo.Run(bg, start))
	if err := uvgo.Run(bg, func(l *uvgo.Loop) error {
		uvtest.Check(t, start(l))
		uvtest.Check(t, l.Post(func() { panic(boom) }))
		return nil
	}); !errors.Is(err, boom) {
		t.Errorf("Run with a panic: %v", err)
	}
	if err := uvgo.Run(bg, func(l *uvgo.Loop) error {
		_, err := l.NewTimer()
		return errors.Join(boom, err)
	}); !errors.Is(err, boom) {
		t.Errorf("Run with a main that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(bg)
	if err := uvgo.Run(ctx, func(l *uvgo.Loop) error {
		_, err := l.NewAsync(nil)
		return errors.Join(err, l.Post(cancel))
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run with a context that ends: %v", err)
	}
	if got := core.OpenLoops(); got != before {
		t.Errorf("%d loops are open, %d before", got, before)
	}
}
