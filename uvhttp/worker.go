package uvhttp

import (
	"sync"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uvhttp/internal/h1"
)

// A worker is what the connections of a loop share. It belongs to the loop, but for what mu guards.
type worker struct {
	engine  *engine
	loop    *uvgo.Loop
	core    *core.Core
	conns   list
	parser  h1.Parser    // of heads that arrive whole
	parsers []*h1.Parser // that are free, as the following
	inputs  [][]byte
	pages   []*pages
	idle    []*goroutine
	fewest  int // idle ones since the last look
	trimmer *handles.Timer
	trims   bool // it runs
	routes  routes
	lent    *exchange // whose handler was lent the loop last, and has not returned
	takes   uint64    // the loop's Takes before that
	ring    ring
	sync    func() // syncAll
	meter   meter

	mu    sync.Mutex
	dirty []*conn // a handler wants something of the loop for them
	over  bool    // the loop has ended: nobody looks at dirty any more
	spare []*conn // memory of dirty
}

func newWorker(e *engine, loop *uvgo.Loop) *worker {
	w := &worker{engine: e, loop: loop, core: core.Of(loop)}
	w.sync = w.syncAll
	w.conns.init()
	w.ring.init(w)
	return w
}

// most is how many free things of a kind a worker keeps.
const most = 256

func (w *worker) takeParser() *h1.Parser {
	if n := len(w.parsers); n > 0 {
		p := w.parsers[n-1]
		w.parsers = w.parsers[:n-1]
		return p
	}
	return new(h1.Parser)
}

func (w *worker) giveParser(p *h1.Parser) {
	if len(w.parsers) < most {
		p.Reset() // a head of very many fields had much memory
		w.parsers = append(w.parsers, p)
	}
}

const inputLen = 4 << 10

func (w *worker) takeInput() []byte {
	if n := len(w.inputs); n > 0 {
		b := w.inputs[n-1]
		w.inputs = w.inputs[:n-1]
		return b
	}
	return make([]byte, 0, inputLen)
}

func (w *worker) giveInput(b []byte) {
	if len(w.inputs) < most && cap(b) <= 4*inputLen {
		w.inputs = append(w.inputs, b[:0])
	}
}

func (w *worker) takePages() *pages {
	if n := len(w.pages); n > 0 {
		p := w.pages[n-1]
		w.pages = w.pages[:n-1]
		return p
	}
	return &pages{out: make([]byte, 0, 1024), body: make([]byte, 0, bodyMax), contentLength: -1}
}

func (w *worker) givePages(p *pages) {
	if cap(p.out) >= outMax {
		giveLarge(p.out)
		p.out = nil
	}
	if len(w.pages) < most {
		*p = pages{out: p.out[:0], body: p.body[:0], contentLength: -1}
		w.pages = append(w.pages, p)
	}
}

// notify makes the loop look at a connection soon. Any goroutine may call it, with conn.mu locked. False: the loop has
// ended, and the connection with it.
func (w *worker) notify(c *conn) bool {
	w.mu.Lock()
	if w.over || c.listed {
		defer w.mu.Unlock()
		return !w.over
	}
	c.listed = true
	w.dirty = append(w.dirty, c)
	first := len(w.dirty) == 1
	w.mu.Unlock()
	return !first || w.loop.Post(w.sync) == nil
}

// ended ends the goroutines, once the loop has ended: those that stand by, and those that have told the loop of their handler's end
// when it did not look any more. Those that still run a handler end behind it.
func (w *worker) ended() {
	w.trim(true)
	w.mu.Lock()
	w.over = true
	dirty := w.dirty
	w.dirty = nil
	w.mu.Unlock()
	for _, c := range dirty {
		c.mu.Lock()
		if ex := c.ex; ex != nil && ex.done {
			if w.ranLate(ex); ex.worker != nil {
				close(ex.worker.work)
			}
		}
		c.mu.Unlock()
	}
}

// syncAll looks at the connections that handlers want something for.
func (w *worker) syncAll() {
	w.mu.Lock()
	dirty := w.dirty
	w.dirty = w.spare[:0]
	w.mu.Unlock()
	for i, c := range dirty {
		dirty[i] = nil
		c.sync()
	}
	w.mu.Lock()
	w.spare = dirty
	w.mu.Unlock()
}

// An ask is what a handler wants of the loop.
type ask struct {
	socket      *socketAsk // the socket, for Hijack or sendfile
	read, write deadline
}

// sync does what a handler wants.
func (c *conn) sync() {
	c.mu.Lock()
	c.listed = false
	ex := c.ex
	if ex != nil && ex.done && c.state == detached {
		c.ex = nil
		c.w.ran(ex)
		ex = nil
	}
	if ex == nil || c.state == detached {
		c.mu.Unlock()
		return
	}
	resume := c.paused && len(c.input()) < inputMax/2
	if resume {
		c.paused = false
	}
	asked := c.asked
	c.asked = ask{}
	done := ex.done
	c.mu.Unlock()
	c.flushQueue()
	if resume && !c.dead {
		c.sc.Resume()
	}
	if asked.read.asked {
		c.due.setRead(c, asked.read)
	}
	if asked.write.asked {
		c.due.setWrite(c, asked.write)
	}
	if asked.socket != nil {
		c.giveSocket(asked.socket)
	}
	if done {
		c.finish(ex)
	}
}
