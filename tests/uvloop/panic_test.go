package uvloop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"panic_policy":   kit.PerParking(testPanicPolicy),
		"handler_panics": kit.PerParking(testHandlerPanics),
	})
}

// A logBuffer is where a loop's log goes; cleanups write to it, too.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// lines returns what was logged since the last call.
func (l *logBuffer) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSuffix(l.b.String(), "\n")
	l.b.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// option makes a loop log here.
func (l *logBuffer) option() uvgo.Option {
	return uvgo.WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}

var errBoom = errors.New("boom")

// panicInCallback is what the stacks of its panics must name.
func panicInCallback() { panic(errBoom) }

// panickers start something whose callback panics once and then, when it is
// run again, gets on with it.
var panickers = map[string]func(t *testing.T, l *uvgo.Loop){
	"posted": func(t *testing.T, l *uvgo.Loop) { uvtest.Check(t, l.Post(panicInCallback)) },
	"timer":  func(t *testing.T, l *uvgo.Loop) { uvtest.Must(l.AfterFunc(0, panicInCallback)) },
	"idle": func(t *testing.T, l *uvgo.Loop) {
		h := uvtest.Must(l.NewIdle())
		uvtest.Check(t, h.Start(closeAndPanic(h)))
	},
	"prepare": func(t *testing.T, l *uvgo.Loop) {
		h := uvtest.Must(l.NewPrepare())
		uvtest.Check(t, h.Start(closeAndPanic(h)))
	},
	"check": func(t *testing.T, l *uvgo.Loop) {
		h := uvtest.Must(l.NewCheck())
		uvtest.Check(t, h.Start(closeAndPanic(h)))
	},
	"close": func(t *testing.T, l *uvgo.Loop) {
		h := uvtest.Must(l.NewTimer())
		h.OnClose(panicInCallback)
		h.Close()
	},
	"async": func(t *testing.T, l *uvgo.Loop) {
		var h *handles.Async
		h = uvtest.Must(l.NewAsync(func() { closeAndPanic(h)() }))
		uvtest.Check(t, h.Send())
	},
	"signal": func(t *testing.T, l *uvgo.Loop) {
		h := uvtest.Must(l.NewSignal())
		uvtest.Check(t, h.Start(kit.SigUsed, func(os.Signal) { closeAndPanic(h)() }))
		kit.Raise(kit.SigUsed)
	},
	"connect": func(t *testing.T, l *uvgo.Loop) {
		h := uvtest.Must(l.NewTCP())
		uvtest.Check(t, h.Connect(kit.ListenTCP(t), func(error) { closeAndPanic(h)() }))
	},
	"write": func(t *testing.T, l *uvgo.Loop) {
		h := uvtest.Must(l.NewTCP())
		uvtest.Check(t, h.Connect(kit.ListenTCP(t), func(err error) { uvtest.Check(t, err) }))
		uvtest.Check(t, h.WriteFunc(func(error) { closeAndPanic(h)() }, []byte("x")))
	},
	"read": func(t *testing.T, l *uvgo.Loop) {
		h := uvtest.Must(l.NewPipe())
		r, w, err := os.Pipe()
		uvtest.Check(t, err)
		defer r.Close()
		uvtest.Check(t, h.Open(r.Fd()))
		uvtest.Must(w.Write([]byte("x")))
		w.Close()
		uvtest.Check(t, h.ReadStart(func(p []byte, err error) {
			if !errors.Is(err, io.EOF) { // the end still comes
				panicInCallback()
			}
			h.Close()
		}))
	},
}

func closeAndPanic(h io.Closer) func() {
	return func() {
		h.Close()
		panicInCallback()
	}
}

func wantPanic(t *testing.T, p *uv.PanicError) {
	t.Helper()
	if p.Value != errBoom || !errors.Is(p, errBoom) || !bytes.Contains(p.Stack, []byte("panicInCallback")) {
		t.Errorf("panic error %v, want %v with its stack", p, errBoom)
	}
}

func testPanicPolicy(t *testing.T, park uvgo.Option) {
	for name, start := range panickers {
		t.Run(name, func(t *testing.T) {
			// By default it ends Run; what else the turn brought comes later.
			l := looptest.New(t, park)
			start(t, l)
			var order kit.Journal
			uvtest.Check(t, l.Post(order.Note("posted")))
			uvtest.Must(l.AfterFunc(0, order.Note("timer")))
			var p *uv.PanicError
			if err := l.Run(context.Background()); !errors.As(err, &p) {
				t.Fatalf("Run returns %v", err)
			}
			wantPanic(t, p)
			looptest.Run(t, l)
			order.WantSet(t, "posted", "timer")
			uvtest.Check(t, l.Close())

			// With a handler the loop goes on.
			var handled []*uv.PanicError
			l = looptest.New(t, park, uvgo.WithPanicHandler(func(p *uv.PanicError) { handled = append(handled, p) }))
			start(t, l)
			uvtest.Check(t, l.Post(order.Note("posted")))
			uvtest.Must(l.AfterFunc(0, order.Note("timer")))
			looptest.Run(t, l)
			order.WantSet(t, "posted", "timer")
			if len(handled) != 1 {
				t.Fatalf("%d panics were handled", len(handled))
			}
			wantPanic(t, handled[0])
		})
	}

	// One turn's batch goes on behind the callback that panicked.
	l := looptest.New(t, park)
	var order kit.Journal
	uvtest.Check(t, l.Post(order.Note("before")))
	uvtest.Check(t, l.Post(panicInCallback))
	uvtest.Check(t, l.Post(order.Note("after")))
	if _, err := l.RunOnce(); !errors.Is(err, errBoom) {
		t.Errorf("RunOnce returns %v", err)
	}
	order.Want(t, "before")
	if _, err := l.RunNoWait(); err != nil {
		t.Errorf("the turn after the panic returns %v", err)
	}
	order.Want(t, "after")

	// A loop that panics while it is shut down closes all the same.
	for range 3 {
		h := uvtest.Must(l.NewTimer())
		h.OnClose(closeAndPanic(h))
	}
	if err := l.Shutdown(context.Background()); !errors.Is(err, errBoom) {
		t.Errorf("Shutdown returns %v", err)
	}
	if _, err := l.NewTimer(); !errors.Is(err, uv.ErrClosed) {
		t.Errorf("the loop is not closed: %v", err)
	}
}

func testHandlerPanics(t *testing.T, park uvgo.Option) {
	var log logBuffer
	l := looptest.New(t, park, log.option(), uvgo.WithPanicHandler(func(p *uv.PanicError) { panic("the handler, too") }))
	var order kit.Journal
	uvtest.Check(t, l.Post(panicInCallback))
	uvtest.Check(t, l.Post(order.Note("posted")))
	uvtest.Must(l.AfterFunc(0, panicInCallback))
	uvtest.Must(l.AfterFunc(0, order.Note("timer")))
	looptest.Run(t, l)
	order.Want(t, "posted", "timer")
	lines := log.lines()
	if len(lines) != 2 {
		t.Fatalf("%d lines were logged: %q", len(lines), lines)
	}
	for _, line := range lines {
		for _, want := range []string{"level=ERROR", "the handler, too", "boom", "panicInCallback"} {
			if !strings.Contains(line, want) {
				t.Errorf("the log line lacks %q: %s", want, line)
			}
		}
	}
}
