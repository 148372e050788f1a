package requests

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// workers is the pool of the process: a queue of Works, and at most as many goroutines as
// the limit says. A goroutine ends when it finds the queue empty.
var workers pool

type pool struct {
	mu          sync.Mutex
	first, last *Work
	running     int
	limit       int // 0: not read yet
}

// maxWorkers is libuv's own bound.
const maxWorkers = 1024

// WorkLimit returns how many Works run at a time: what UV_THREADPOOL_SIZE says,
// as for libuv's pool, or GOMAXPROCS, but at least 4. The first call of WorkLimit or
// StartWork reads it; later changes have no effect. No libuv counterpart.
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

// add queues a work, and starts a goroutine for it if fewer run than may.
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

// watch makes the end of a work's context remove the work from the queue. It holds the
// lock, without which the work could complete before its stop is set.
func (p *pool) watch(w *Work) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.queued {
		w.stop = context.AfterFunc(w.ctx, w.abandon)
	}
}

// unlink removes a work from the queue's list.
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

// remove removes a work from the queue; it reports false if the work has begun.
func (p *pool) remove(w *Work) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !w.queued {
		return false
	}
	p.unlink(w)
	return true
}

// next removes the first work from the queue and returns it: nil if there is none, and the
// goroutine that asks has to end.
func (p *pool) next() *Work {
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

// work runs works until the queue is empty. If a work ends the goroutine by
// runtime.Goexit, another goroutine takes its place.
func (p *pool) work() {
	finished := false
	defer func() {
		if !finished {
			go p.work()
		}
	}()
	for w := p.next(); w != nil; w = p.next() {
		w.run()
	}
	finished = true
}
