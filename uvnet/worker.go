package uvnet

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/bubble"
)

// A task is something that only the loop's goroutine may do. Its types are
// those it belongs to under another name, so that pushing one allocates nothing.
type task interface{ run() }

// A worker is one loop with what waits for it.
//
// A loop of the default group runs only while there is something for it to do: push
// starts a goroutine for it, which ends when the loop has neither handles nor
// requests. The loop stays, and runs again when it is needed.
type worker struct {
	loop    *uvgo.Loop
	selfRun bool        // the default group's: run by us
	closed  atomic.Bool // the loop takes no more tasks

	mu      sync.Mutex
	queue   []task
	posted  bool
	running bool   // selfRun: a goroutine runs the loop, or is about to
	drain   func() // the method run

	// The loop's goroutine only:
	lastQueue []task
	readied   bool    // goroutines were readied in this batch
	toStop    []*conn // read ahead enough, to be stopped at the batch's end
	held      bool    // selfRun: the loop is kept alive for its handles, active or not
}

func newWorker(l *uvgo.Loop) *worker {
	w := &worker{loop: l}
	w.drain = w.run
	w.closed.Store(l.Post(func() { l.AfterBatch(w.batched) }) != nil)
	return w
}

// push makes t run on the loop, in order; false if the loop is closed.
func (w *worker) push(t task) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed.Load() {
		return false
	}
	if !w.posted {
		if w.loop.Post(w.drain) != nil {
			w.closed.Store(true)
			return false
		}
		w.posted = true
	}
	w.queue = append(w.queue, t)
	if w.selfRun && !w.running {
		w.running = true
		bubble.Go(w.runWhileNeeded)
	}
	return true
}

// pushClose is push for a task that ends something: a loop that had no handles, and took
// no more tasks, may have some again.
func (w *worker) pushClose(t task) bool { return w.push(t) || w.loop.Post(t.run) == nil }

// runWhileNeeded runs the loop until there is nothing left for it to do. Who pushes meanwhile
// either sees that it runs, and is seen here, or starts it anew.
func (w *worker) runWhileNeeded() {
	for {
		if err := w.loop.Run(context.Background()); err != nil {
			panic(err) // a callback's: all of them are this package's
		}
		w.mu.Lock()
		if !w.posted {
			w.running = false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
	}
}

// use calls fn, which may post to the loop: it runs until fn has returned.
func (w *worker) use(fn func()) {
	if w.selfRun && w.push((*holdTask)(w)) {
		defer w.push((*unholdTask)(w))
	}
	fn()
}

type (
	holdTask   worker // keep the loop alive
	unholdTask worker // take that back
)

func (t *holdTask) run()   { t.loop.Hold() }
func (t *unholdTask) run() { t.loop.Drop() }

// run runs the tasks.
func (w *worker) run() {
	w.mu.Lock()
	w.posted = false
	tasks := w.queue
	w.queue = w.lastQueue[:0]
	w.mu.Unlock()
	for i, t := range tasks {
		tasks[i] = nil
		t.run()
	}
	w.lastQueue = tasks
}

// yields is how often the loop yields to the goroutines that it has readied. One
// time for them, and one for those that they ready: gRPC, for one, answers from
// another goroutine, which itself yields to gather more. And one for the scheduler,
// which now and then takes the loop before others. Where somebody computes a yield
// may take Go's whole time slice of 10 ms; one is enough then.
const (
	yields    = 3
	longYield = 5 * time.Millisecond
)

// batched runs behind the callbacks of a turn. Streams that nobody reads stop
// here, not in their callbacks, so that all they have read was delivered. Then
// the goroutines that were readied run: what they ask of the loop crosses with
// its next turn, and what they answer has left before it.
func (w *worker) batched() {
	for i, c := range w.toStop {
		w.toStop[i] = nil
		c.stopReading()
	}
	w.toStop = w.toStop[:0]
	if w.selfRun && w.held != (w.loop.Handles() > 0) {
		if w.held = !w.held; w.held {
			w.loop.Hold()
		} else {
			w.loop.Drop()
		}
	}
	if w.readied {
		w.readied = false
		since := time.Now()
		for range yields {
			if w.loop.Yield(); time.Since(since) > longYield {
				break
			}
		}
	}
}

// wake readies the goroutine that waits on a side; on the loop's goroutine.
func (w *worker) wake(s *side) {
	w.readied = true
	s.wake <- struct{}{}
}
