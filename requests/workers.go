package requests

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// workers is the pool of the process: a queue, and as many goroutines as it
// keeps busy, up to the limit. A worker that finds the queue empty ends.
var workers pool

type pool struct {
	mu          sync.Mutex
	first, last *Work
	running     int
	limit       int // 0: not looked up yet
}

// maxWorkers is libuv's own bound.
const maxWorkers = 1024

// WorkLimit returns how many Works run at a time: what UV_THREADPOOL_SIZE says,
// as for libuv's pool, or GOMAXPROCS, but at least 4. It is settled by the first
// call of it or of StartWork. No libuv counterpart.
func WorkLimit() int {
	workers.mu.Lock()
	defer workers.mu.Unlock()
	return workers.size()
}

func (p *pool) size() int {
	if p.limit == 0 {
		p.limit = max(4, runtime.GOMAXPROCS(0))
		if n, err := strconv.Atoi(os.Getenv("UV_THREADPOOL_SIZE")); err == nil {
			p.limit = min(max(n, 1), maxWorkers)
		}
	}
	return p.limit
}

// add queues a work and sees to it that a worker takes it.
func (p *pool) add(w *Work) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.prev = p.last; w.prev != nil {
		w.prev.next = w
	} else {
		p.first = w
	}
	p.last = w
	w.queued = true
	if p.running < p.size() {
		p.running++
		go p.work()
	}
}

// watch makes the end of a work's context take it back. The lock is held so
// that the work cannot complete before its watch can be ended.
func (p *pool) watch(w *Work) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.queued {
		w.stop = context.AfterFunc(w.ctx, w.abandon)
	}
}

// unlink takes a work out of the queue.
func (p *pool) unlink(w *Work) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		p.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		p.last = w.prev
	}
	w.next, w.prev, w.queued = nil, nil, false
}

// remove takes back a work that waits; it reports whether it did.
func (p *pool) remove(w *Work) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !w.queued {
		return false
	}
	p.unlink(w)
	return true
}

// take gives a worker its next work, nil if it should end.
func (p *pool) take() *Work {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.first
	if w == nil {
		p.running--
		return nil
	}
	p.unlink(w)
	return w
}

// work is a worker. One that a function ends by runtime.Goexit is replaced.
func (p *pool) work() {
	whole := false
	defer func() {
		if !whole {
			go p.work()
		}
	}()
	for w := p.take(); w != nil; w = p.take() {
		w.run()
	}
	whole = true
}
