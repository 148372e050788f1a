package handles_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// FuzzOperations runs sequences of operations on many handles, from outside the loop
// and from callbacks, and compares all callbacks with a model: none is lost, comes
// twice, out of order, stale or after the close.
func FuzzOperations(f *testing.F) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		data := make([]byte, 100+r.IntN(100)*int(1+seed/2))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 16<<10 {
			t.Skip("long enough")
		}
		uvtest.Watchdog(t, time.Minute)
		w := newWorld(t, data)
		for w.more() {
			w.operation()
		}
		w.finish()
	})
}

// A world is a loop, the handles on it, and what is known about them.
type world struct {
	t    *testing.T
	l    *uvgo.Loop
	data []byte

	turn     int
	turning  bool
	call     string // the call under way: callbacks must not run inside it
	callback string // the callback under way: they must not run inside each other
	stage    int    // which part of the turn is running
	ending   bool   // callbacks make no more operations

	keeper    *handles.Timer
	ids       int
	open      map[uv.Handle]string // handles whose close callback has not run
	timers    []*mTimer
	phases    []*mPhase
	asyncs    []*mAsync
	posts     []mPost // that have not run, in order
	ends      []*mEnd
	listeners []*mListener
	history   []string
}

func newWorld(t *testing.T, data []byte) *world {
	w := &world{t: t, data: data, open: map[uv.Handle]string{}}
	flags := w.next()
	var opts []uvgo.Option
	if flags&1 != 0 {
		opts = append(opts, uvgo.WithParking(uvgo.ParkGoroutine))
	}
	if flags&2 != 0 {
		opts = append(opts, smallArenas)
	}
	if flags&12 == 12 {
		opts = append(opts, uvgo.WithDebug(), uvgo.WithSlowCallback(time.Hour))
	}
	l, err := uvgo.New(opts...)
	uvtest.Check(t, err)
	w.l = l
	w.keeper = uvtest.Must(l.NewTimer()) // keeps the loop alive
	uvtest.Check(t, w.keeper.Start(24*time.Hour, 0, func() {}))
	w.handle(w.keeper, "keeper")
	t.Cleanup(func() {
		if t.Failed() { // close what there is, without the model
			for h := range l.Walk() {
				h.(interface{ OnClose(func()) }).OnClose(nil)
			}
			_ = l.Shutdown(context.Background())
			t.Logf("the last of %d steps:\n%s", len(w.history), strings.Join(w.history[max(0, len(w.history)-100):], "\n"))
		}
	})
	return w
}

// next returns the next byte of the input, 0 when there is none left.
func (w *world) next() byte {
	if len(w.data) == 0 {
		return 0
	}
	b := w.data[0]
	w.data = w.data[1:]
	return b
}

func (w *world) more() bool { return len(w.data) > 0 }

// pick returns a member of the list, or nil.
func pick[T any](w *world, list []*T) *T {
	if len(list) == 0 {
		return nil
	}
	return list[int(w.next())%len(list)]
}

func (w *world) id(kind string) string {
	w.ids++
	return fmt.Sprintf("%s %d", kind, w.ids)
}

func (w *world) note(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if w.callback != "" {
		line = "    " + line
	}
	w.history = append(w.history, line)
}

func (w *world) errorf(format string, args ...any) {
	w.t.Helper()
	w.note("FAILED: "+format, args...)
	w.t.Errorf(format, args...)
}

// do makes a call; no callback may run inside it.
func (w *world) do(what string, fn func() error) error {
	if w.call != "" {
		w.errorf("%s inside of %s", what, w.call)
	}
	w.call = what
	err := fn()
	w.call = ""
	if err != nil {
		w.note("%s: %v", what, err)
	} else {
		w.note("%s", what)
	}
	return err
}

// must makes a call that has to succeed.
func (w *world) must(what string, fn func() error) {
	w.t.Helper()
	if err := w.do(what, fn); err != nil {
		w.errorf("%s: %v", what, err)
	}
}

// refused makes a call that has to fail.
func (w *world) refused(what string, want error, fn func() error) {
	w.t.Helper()
	if err := w.do(what, fn); !errors.Is(err, want) {
		w.errorf("%s: %v, want %v", what, err, want)
	}
}

// run is a callback: it may make operations of its own.
func (w *world) run(what string, fn func()) { w.runAt(stageEvents, what, fn) }

// runAt is run in a stage of the turn.
func (w *world) runAt(stage int, what string, fn func()) {
	w.t.Helper()
	if stage < w.stage {
		w.errorf("%s after a later stage of the turn", what)
	}
	w.stage = stage
	switch {
	case w.call != "":
		w.errorf("%s runs inside of %s", what, w.call)
	case w.callback != "":
		w.errorf("%s runs inside of %s", what, w.callback)
	case !w.turning:
		w.errorf("%s runs outside of a turn", what)
	}
	w.note("> %s", what)
	w.callback = what
	fn()
	if n := w.next(); n < 128 && !w.ending {
		for ; n%2 == 1 && w.more(); n /= 2 {
			w.operation()
		}
	}
	w.callback = ""
}

// The stages of a turn: callbacks come in this order.
const (
	stageIdle = iota
	stagePrepare
	stageEvents
)

// round is one turn that does not wait.
func (w *world) round() {
	w.turn++
	w.stage = stageIdle
	for _, p := range w.phases {
		p.due = p.active
	}
	w.note("turn %d", w.turn)
	w.turning = true
	alive, err := w.l.RunNoWait()
	w.turning = false
	if err != nil {
		w.errorf("turn: %v", err)
	}
	if !alive {
		w.errorf("the loop is dead")
	}
	for _, m := range w.timers {
		if m.pending != 0 && m.pending <= w.turn {
			w.errorf("%s has not fired", m.id)
		}
	}
	for _, m := range w.phases {
		if m.due && m.ran != w.turn {
			w.errorf("%s has not run", m.id)
		}
	}
	for _, m := range w.asyncs {
		if m.sent != 0 && m.sent <= w.turn {
			w.errorf("%s has not run", m.id)
		}
	}
	for _, m := range w.posts {
		if m.due <= w.turn {
			w.errorf("%s has not run", m.id)
		}
	}
	if w.t.Failed() {
		w.t.FailNow()
	}
}

// handle adds a new handle to the model.
func (w *world) handle(h uv.Handle, id string) { w.open[h] = id }

// closed is the close callback of a handle.
func (w *world) closed(h uv.Handle, id string) {
	w.t.Helper()
	if w.open[h] != id {
		w.errorf("the close callback of %s runs again", id)
	}
	if !h.Closing() {
		w.errorf("the close callback of %s runs without Close", id)
	}
	delete(w.open, h)
}

// walk compares the loop's handles with the model's.
func (w *world) walk() {
	n := 0
	for h := range w.l.Walk() {
		n++
		if w.open[h] == "" {
			w.errorf("walk yields an unknown %s", h.Kind())
		}
	}
	if n != len(w.open) {
		w.errorf("walk yields %d of %d handles", n, len(w.open))
	}
}

// operation makes the next operation of the input.
func (w *world) operation() {
	switch op := w.next(); {
	case op < 70:
		if w.callback == "" {
			w.round()
		} else if op < 3 {
			_, err := w.l.RunNoWait()
			if !errors.Is(err, uv.ErrRunning) {
				w.errorf("a turn inside of a turn: %v", err)
			}
		}
	case op < 100:
		w.timerOperation()
	case op < 120:
		w.phaseOperation()
	case op < 132:
		w.asyncOperation()
	case op < 140:
		w.post()
	case op < 146:
		w.walk()
	case op < 156:
		w.listenerOperation()
	default:
		w.streamOperation()
	}
}
