package looptls

import (
	"runtime"
	"sync"
)

// A pool bounds the handshakes of the process. One that can go on holds a slot; while it waits
// for its peer it gives the slot back. So peers that stall do not keep others from their
// handshakes. Those that have to wait for a slot get it in the order in which they came, but a
// handshake that has begun comes before one that has not: it is nearer to its end, and holds more
// memory.
//
//	begin ─▶ queued ─▶ runs ─▶ finish        queued: holds no goroutine
//	                  ▲   │                  runs: holds a slot and a goroutine
//	                  │   ▼ wait             waiting: holds a goroutine
//	        resumed ──┘  waiting             resumed: its peer has answered; wants a slot
//	           ▲          │
//	           └──────────┘
//
// A handshake that is aborted gives up its slot at once, and never gets one again: a callback of
// tls.Config that ignores its context may keep the goroutine for ever.
//
// Waiting handshakes are bounded, too. One too many ends the one that has waited longest. A
// processor begins some thousand handshakes a second at most, and thousands may wait. So under a
// flood of ClientHellos a peer still has a good part of a second to answer.
type pool struct {
	slots, maxWaiting int

	mu      sync.Mutex
	running int
	queued  queue
	resumed queue
	waiting queue
}

// handshakes is the process's pool. A slot is no processor: callbacks of tls.Config may wait
// for other machines.
var handshakes = &pool{slots: max(64, 8*runtime.GOMAXPROCS(0)), maxWaiting: 4096}

// begin starts a handshake, now or when a slot is free.
func (p *pool) begin(h *handshake) {
	p.mu.Lock()
	if p.running >= p.slots {
		p.queued.add(h)
		p.mu.Unlock()
		return
	}
	p.running++
	h.running = true
	p.mu.Unlock()
	go h.run()
}

// drop takes a handshake out that is aborted. If it runs, its goroutine goes on without a slot.
func (p *pool) drop(h *handshake) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h.dropped = true
	p.queued.remove(h)
	if h.of == &p.resumed {
		p.resumed.remove(h)
		h.signal <- struct{}{} // as in release
	}
	p.release(h)
}

// finish follows the end of a handshake.
func (p *pool) finish(h *handshake) {
	p.mu.Lock()
	p.release(h)
	p.mu.Unlock()
}

// release gives the slot of a handshake, if it has one, to the next that wants one. The caller
// has the lock.
func (p *pool) release(h *handshake) {
	if !h.running {
		return
	}
	h.running = false
	switch {
	case p.resumed.first != nil:
		next := p.resumed.first
		p.resumed.remove(next)
		next.running = true
		next.signal <- struct{}{} // never blocks: nothing else signals a resumed handshake
	case p.queued.first != nil:
		next := p.queued.first
		p.queued.remove(next)
		next.running = true
		go next.run()
	default:
		p.running--
	}
}

// wait gives the slot back until there is input. It runs on the handshake's goroutine.
func (p *pool) wait(h *handshake) {
	p.mu.Lock()
	p.release(h)
	p.waiting.add(h)
	var evicted *handshake
	if p.waiting.n > p.maxWaiting {
		evicted = p.waiting.first
		p.waiting.remove(evicted)
	}
	p.mu.Unlock()
	if evicted != nil {
		evicted.end(ErrEvicted)
	}
	<-h.signal

	p.mu.Lock()
	p.waiting.remove(h)
	if h.dropped {
		p.mu.Unlock()
		return
	}
	if p.running < p.slots {
		p.running++
		h.running = true
		p.mu.Unlock()
		return
	}
	p.resumed.add(h)
	p.mu.Unlock()
	<-h.signal
}

// A queue is a list of handshakes, the oldest first.
type queue struct {
	first, last *handshake
	n           int
}

// links are a handshake's neighbours in the queue that it is in.
type links struct {
	of         *queue
	prev, next *handshake
}

func (q *queue) add(h *handshake) {
	h.links = links{of: q, prev: q.last}
	if q.last != nil {
		q.last.next = h
	} else {
		q.first = h
	}
	q.last = h
	q.n++
}

// remove takes h out if it is in q.
func (q *queue) remove(h *handshake) {
	if h.of != q {
		return
	}
	if h.prev != nil {
		h.prev.next = h.next
	} else {
		q.first = h.next
	}
	if h.next != nil {
		h.next.prev = h.prev
	} else {
		q.last = h.prev
	}
	h.links = links{}
	q.n--
}
