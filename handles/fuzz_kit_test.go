package handles_test

import (
	"runtime"
	"time"
)

// settle runs turns until what returns "". Before that, what returns what is missing.
func (w *world) settle(what func() string) {
	w.t.Helper()
	for start := time.Now(); what() != ""; {
		w.round()
		runtime.Gosched()
		if time.Since(start) > 20*time.Second { // far beyond what it takes
			w.errorf("it hangs: %s", what())
			w.t.FailNow()
		}
	}
}

// finish lets all operations end and compares the bytes sent with those received. Then
// it closes everything and compares the callbacks with the model.
func (w *world) finish() {
	w.ending = true
	w.round()
	for _, s := range w.listeners {
		if !s.closing {
			w.must("resume "+s.id, func() error { return s.pause(false) })
		}
	}
	w.settle(func() string {
		for _, e := range w.ends {
			if e.connecting {
				return e.id + " is connecting"
			}
			if e.peer == nil && !e.mayFail() {
				return e.id + " was not accepted"
			}
		}
		return ""
	})
	for _, e := range w.ends {
		if e.closing {
			continue
		}
		if e.writable() {
			w.shutdown(e)
		}
		if !e.reading {
			w.readStart(e)
		}
	}
	w.settle(func() string {
		for _, e := range w.ends {
			switch {
			case e.closing && !e.closed:
				return e.id + " is closing"
			case len(e.writes) > 0:
				return e.id + " has writes under way"
			case e.shut == 1:
				return e.id + " is shutting down"
			case !e.finished && !e.mayFail():
				return e.id + " has not read the end"
			}
		}
		return ""
	})
	for _, e := range w.ends {
		if !e.mayFail() && !e.lost && len(e.wants) > 0 {
			w.errorf("%s misses %d bytes", e.id, len(e.wants))
		}
		if n := e.WriteQueueSize(); n != 0 {
			w.errorf("%s has %d bytes queued at the end", e.id, n)
		}
	}
	w.walk()

	for h, id := range w.open {
		w.must("close "+id, h.Close)
	}
	for _, e := range w.ends {
		e.closing, e.reading = true, false
	}
	for _, m := range w.timers {
		m.closing, m.active, m.pending = true, false, 0
	}
	for _, m := range w.phases {
		m.closing, m.active = true, false
	}
	for _, m := range w.asyncs {
		m.closing, m.sent = true, 0
	}
	for _, s := range w.listeners {
		s.closing = true
	}
	w.keeper.OnClose(func() { w.closed(w.keeper, "keeper") })
	w.turning = true
	for range 3 {
		if _, err := w.l.RunNoWait(); err != nil {
			w.errorf("turn: %v", err)
		}
	}
	w.turning = false
	for _, id := range w.open {
		w.errorf("the close callback of %s has not run", id)
	}
	if len(w.posts) > 0 {
		w.errorf("%d posted functions have not run", len(w.posts))
	}
	if w.l.Alive() {
		w.errorf("the loop is alive without handles")
	}
	if err := w.l.Close(); err != nil {
		w.errorf("close of the loop: %v", err)
	}
}
