package uvnet

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/bubble"
)

// A task is something that only the loop's goroutine may do. A task's type is that of the
// thing that it is about, under another name: so pushing one allocates nothing.
type task interface{ run() }

// A worker is one loop with the tasks that wait for it.
//
// A loop of the default group runs only while there is something for it to do: push
// starts a goroutine for it, which ends when the loop has neither handles nor
// requests. The loop stays, and runs again when it is needed.
type worker struct {
	loop    *uvgo.Loop
	selfRun bool        // a loop of the default group, which push runs. Set when made
	closed  atomic.Bool // the loop accepts no more tasks. Set once
	counts  counts

	mu      sync.Mutex
	queue   []task
	posted  bool   // run is posted, and has not begun. No state with running: a user's loop has posts, too
	running bool   // a goroutine of ours runs the loop, or is about to; never unless selfRun
	drain   func() // the method run, made once

	// The loop's goroutine only:
	lastQueue []task
	readied   bool    // goroutines were readied in this batch
	toStop    []*conn // connections whose reading may have to stop at the batch's end
	held      bool    // the loop is kept alive for its handles, active or not; never unless selfRun
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

// pushClose is push for a task that closes something. Where push has noted that the loop is
// closed, it asks the loop once more: a loop with handles left accepts the task.
func (w *worker) pushClose(t task) bool { return w.push(t) || w.loop.Post(t.run) == nil }

// runWhileNeeded runs the loop until there is nothing left for it to do. A goroutine that
// pushes meanwhile either finds running set, and its task is seen here, or starts the loop
// anew.
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

// use calls fn, which may post to the loop: the loop runs until fn has returned.
func (w *worker) use(fn func()) {
	if w.selfRun && w.push((*holdTask)(w)) {
		defer w.push((*unholdTask)(w))
	}
	fn()
}

type (
	holdTask   worker // keep the loop alive
	unholdTask worker // end that
)

func (t *holdTask) run()   { t.loop.Hold() }
func (t *unholdTask) run() { t.loop.Drop() }

// run runs the tasks that were pushed.
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

// yields is how often the loop yields to the goroutines that it has readied. The first
// yield is for these. The second is for goroutines that these ready: gRPC, for one, answers
// from another goroutine, which itself yields to gather more. The third is for the
// scheduler, which now and then picks the loop before others. Where somebody computes, a
// yield may take Go's whole time slice of 10 ms, and the loop makes no second one.
const (
	yields    = 3
	longYield = 5 * time.Millisecond
)

// batched runs behind the callbacks of a turn. Streams that nobody reads stop here,
// not in their callbacks, so that all that they have read is delivered. Then the
// goroutines that were readied run: what they ask of the loop crosses with its next turn,
// and what they write by themselves leaves before that.
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

// wake readies the goroutine that waits on a side. The loop's goroutine calls it.
func (w *worker) wake(s *side) {
	w.readied = true
	s.wake <- struct{}{}
}
