package handles_test

import (
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// An mTimer is the model of a timer that is due at once or never: other timers would
// depend on the clock.
type mTimer struct {
	*handles.Timer
	id      string
	starts  int // tells a stale callback
	active  bool
	pending int // the turn after which it must have fired, 0 if not at all
	repeat  time.Duration
	closing bool
}

// An mPhase is an idle, prepare or check handle.
type mPhase struct {
	h interface {
		uv.Handle
		Start(func()) error
		Stop() error
		OnClose(func())
	}
	id      string
	stage   int
	epoch   int
	active  bool
	due     bool // it was active when the turn began, and was left alone since
	ran     int  // the turn of the last call
	since   int  // the turn of a start inside its own phase
	closing bool
}

// An mAsync is an async handle.
type mAsync struct {
	*handles.Async
	id      string
	sent    int // the turn after which it must have run, 0 if not at all
	closing bool
}

// An mPost is a posted function.
type mPost struct {
	id  string
	due int
}

// dueTurn is the turn at whose end an operation of now has taken effect. Operations of
// idle and prepare callbacks take effect in the same turn.
func (w *world) dueTurn() int {
	if w.turning && w.stage < stageEvents {
		return w.turn
	}
	return w.turn + 1
}

func (w *world) timerOperation() {
	op := w.next()
	if op%8 == 0 && len(w.timers) < 12 || len(w.timers) == 0 {
		t := &mTimer{Timer: uvtest.Must(w.l.NewTimer()), id: w.id("timer")}
		w.note("new %s", t.id)
		w.timers = append(w.timers, t)
		w.handle(t.Timer, t.id)
		t.OnClose(func() {
			w.run("close of "+t.id, func() {
				w.closed(t.Timer, t.id)
				w.timers = remove(w.timers, t)
			})
		})
		return
	}
	t := pick(w, w.timers)
	if t.closing {
		w.refused("start closed "+t.id, uv.ErrClosed, func() error { return t.Start(0, 0, func() {}) })
		w.refused("stop closed "+t.id, uv.ErrClosed, t.Stop)
		return
	}
	switch op % 8 {
	case 1, 2, 3:
		w.startTimer(t, []time.Duration{0, 0, time.Hour}[op%8-1], time.Duration(op/8%2)*time.Hour)
	case 4:
		w.must("stop "+t.id, t.Stop)
		t.active, t.pending = false, 0
	case 5:
		if t.starts == 0 {
			w.refused("again of new "+t.id, uv.EINVAL, t.Again)
			return
		}
		w.must("again "+t.id, t.Again)
		if t.repeat > 0 {
			t.active, t.pending = true, 0 // in an hour
		}
	case 6:
		if t.pending == 0 { // C decides with the old repeat if it fires before the drain
			t.repeat = time.Duration(op/8%2) * time.Hour
			w.must("set repeat of "+t.id, func() error { return t.SetRepeat(t.repeat) })
		}
		if op/16%2 == 0 {
			t.Unref()
		} else {
			t.Ref()
		}
		if t.HasRef() != (op/16%2 != 0) {
			w.errorf("%s has ref: %v", t.id, t.HasRef())
		}
	case 7:
		w.must("close "+t.id, t.Close)
		t.closing, t.active, t.pending = true, false, 0
	}
	w.checkTimer(t)
}

// startTimer starts a timer that fires once at once, and again if it repeats
// in an hour.
func (w *world) startTimer(t *mTimer, timeout, repeat time.Duration) {
	t.starts++
	t.active, t.repeat, t.pending = true, repeat, 0
	if timeout == 0 {
		t.pending = w.dueTurn()
	}
	w.must("start "+t.id, func() error { return t.Start(timeout, repeat, w.fires(t, t.starts)) })
}

// fires returns the callback for one start of a timer.
func (w *world) fires(t *mTimer, start int) func() {
	return func() {
		w.run(t.id, func() {
			switch {
			case t.closing:
				w.errorf("%s fires after Close", t.id)
			case start != t.starts:
				w.errorf("%s fires for its start %d, the last is %d", t.id, start, t.starts)
			case t.pending == 0:
				w.errorf("%s fires although it is not due", t.id)
			}
			t.pending = 0
			t.active = t.repeat > 0
			w.checkTimer(t)
		})
	}
}

func (w *world) checkTimer(t *mTimer) {
	if t.Active() != t.active || t.Closing() != t.closing || t.Repeat() != t.repeat {
		w.errorf("%s: active %v, closing %v, repeat %v; want %v, %v, %v",
			t.id, t.Active(), t.Closing(), t.Repeat(), t.active, t.closing, t.repeat)
	}
}

func (w *world) phaseOperation() {
	op := w.next()
	if op%4 == 0 && len(w.phases) < 9 || len(w.phases) == 0 {
		p := new(mPhase)
		switch op / 4 % 3 {
		case 0:
			p.h, p.id, p.stage = uvtest.Must(w.l.NewIdle()), w.id("idle"), stageIdle
		case 1:
			p.h, p.id, p.stage = uvtest.Must(w.l.NewPrepare()), w.id("prepare"), stagePrepare
		case 2:
			p.h, p.id, p.stage = uvtest.Must(w.l.NewCheck()), w.id("check"), stageEvents
		}
		w.note("new %s", p.id)
		w.phases = append(w.phases, p)
		w.handle(p.h, p.id)
		p.h.OnClose(func() {
			w.run("close of "+p.id, func() {
				w.closed(p.h, p.id)
				w.phases = remove(w.phases, p)
			})
		})
		return
	}
	p := pick(w, w.phases)
	switch {
	case p.closing:
		w.refused("start closed "+p.id, uv.ErrClosed, func() error { return p.h.Start(func() {}) })
		return
	case op%4 == 1 && p.active:
		w.must("start started "+p.id, func() error {
			return p.h.Start(func() { w.errorf("%s runs the function of a second Start", p.id) })
		})
	case op%4 == 1:
		w.startPhase(p)
	case op%4 == 2:
		w.must("stop "+p.id, p.h.Stop)
		p.epoch++
		p.active, p.due = false, false
	case op%4 == 3 && op%3 == 0:
		w.must("close "+p.id, p.h.Close)
		p.closing, p.active, p.due = true, false, false
	}
	if p.h.Active() != p.active || p.h.Closing() != p.closing {
		w.errorf("%s: active %v, closing %v; want %v, %v", p.id, p.h.Active(), p.h.Closing(), p.active, p.closing)
	}
}

func (w *world) startPhase(p *mPhase) {
	p.epoch++
	p.active = true
	p.since = 0
	if w.turning && w.stage == p.stage {
		p.since = w.turn // started inside its own phase: first runs in the next turn
	}
	epoch := p.epoch
	w.must("start "+p.id, func() error {
		return p.h.Start(func() {
			w.runAt(p.stage, p.id, func() {
				switch {
				case p.closing || !p.active || epoch != p.epoch:
					w.errorf("%s runs for its start %d, the last is %d, active %v, closing %v", p.id, epoch, p.epoch, p.active, p.closing)
				case p.ran == w.turn:
					w.errorf("%s runs twice in a turn", p.id)
				case p.since == w.turn:
					w.errorf("%s runs in the phase in which it was started", p.id)
				}
				p.ran = w.turn
			})
		})
	})
}

func (w *world) asyncOperation() {
	op := w.next()
	if op%4 == 0 && len(w.asyncs) < 5 || len(w.asyncs) == 0 {
		a := &mAsync{id: w.id("async")}
		a.Async = uvtest.Must(w.l.NewAsync(func() {
			w.run(a.id, func() {
				if a.closing || a.sent == 0 {
					w.errorf("%s runs: closing %v, sent for turn %d", a.id, a.closing, a.sent)
				}
				a.sent = 0
			})
		}))
		w.note("new %s", a.id)
		w.asyncs = append(w.asyncs, a)
		w.handle(a.Async, a.id)
		a.OnClose(func() {
			w.run("close of "+a.id, func() {
				w.closed(a.Async, a.id)
				w.asyncs = remove(w.asyncs, a)
			})
		})
		return
	}
	a := pick(w, w.asyncs)
	switch {
	case a.closing:
		w.refused("send to closed "+a.id, uv.ErrClosed, a.Send)
	case op%4 == 3 && op%5 == 0:
		w.must("close "+a.id, a.Close)
		a.closing, a.sent = true, 0
	default:
		w.must("send to "+a.id, a.Send)
		if a.sent == 0 {
			a.sent = w.dueTurn()
		}
	}
}

func (w *world) post() {
	p := mPost{w.id("post"), w.dueTurn()}
	w.must(p.id, func() error {
		return w.l.Post(func() {
			w.run(p.id, func() {
				if len(w.posts) == 0 || w.posts[0] != p {
					w.errorf("%s runs out of order: %v wait", p.id, w.posts)
					return
				}
				w.posts = w.posts[1:]
			})
		})
	})
	w.posts = append(w.posts, p)
}

// remove returns the list without one member.
func remove[T comparable](list []T, x T) []T {
	for i, y := range list {
		if y == x {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}
