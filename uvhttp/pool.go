package uvhttp

import (
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
)

// A goroutine runs handlers. When it has none, it waits in worker.idle for the next.
type goroutine struct{ work chan *exchange }

// spawn runs a handler on a goroutine.
func (w *worker) spawn(ex *exchange) {
	n := len(w.idle)
	if n == 0 {
		g := &goroutine{work: make(chan *exchange, 1)}
		ex.worker = g
		g.work <- ex
		go g.run()
		return
	}
	g := w.idle[n-1]
	w.idle[n-1] = nil
	w.idle = w.idle[:n-1]
	w.fewest = min(w.fewest, n-1)
	ex.worker = g
	g.work <- ex
}

// run runs handlers until the channel is closed, or the loop has ended.
func (g *goroutine) run() {
	for ex := range g.work {
		if !g.one(ex) {
			return
		}
	}
}

// one runs a handler. The loop is told also if the handler ends the goroutine. False: there is no loop any more.
func (g *goroutine) one(ex *exchange) (told bool) {
	returned := false
	start := bubble.Monotonic()
	defer func() {
		c := ex.c
		c.mu.Lock()
		if !returned {
			ex.worker = nil
		}
		ex.took = ex.ended - start
		ex.done = true
		if told = c.w.notify(c); !told {
			c.w.ranLate(ex)
		}
		c.mu.Unlock()
	}()
	ex.RunLent()
	returned = true
	return false // the deferred function decides it
}

// idleMax is how many goroutines stand by, a loop.
const idleMax = 1024

// joined takes a goroutine back that has run a handler.
func (w *worker) joined(g *goroutine) {
	if g == nil {
		return
	}
	if len(w.idle) >= idleMax || w.engine.closing.Load() {
		close(g.work)
		return
	}
	w.idle = append(w.idle, g)
	w.startTrim()
}

// trimEvery is how often a worker looks for goroutines that nobody needs.
const trimEvery = 5 * time.Second

// startTrim starts the timer of trim, if it does not run.
func (w *worker) startTrim() {
	if w.trims {
		return
	}
	if w.trimmer == nil {
		t, err := w.loop.NewTimer()
		if err != nil {
			return // the next goroutine tries again
		}
		t.Unref()
		w.trimmer = t
	}
	w.trims = w.trimmer.Start(trimEvery, 0, func() {
		w.trims = false
		if w.trim(false); len(w.idle) > 0 {
			w.startTrim()
		}
	}) == nil
}

// trim ends goroutines that nobody has needed since the last look.
func (w *worker) trim(all bool) {
	n := w.fewest
	if all {
		n = len(w.idle)
	}
	for range min(n, len(w.idle)) {
		last := len(w.idle) - 1
		close(w.idle[last].work)
		w.idle[last] = nil
		w.idle = w.idle[:last]
	}
	w.fewest = len(w.idle)
}
