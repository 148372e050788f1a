package uvhttp

import (
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/uvgo/uvgo/internal/bubble"
)

// An exchange is a request and its answer. It is made for one request: a handler may keep
// it, as it may with net/http, so none is used again. So it is small: what the handler cannot reach once it has returned is in pages.
type exchange struct {
	c   *conn
	ctx requestContext
	req http.Request
	url url.URL

	head string // the request's, as it came: the handler may change req

	started bool
	learned bool // its route is known to be slow

	// Beneath here conn.mu guards all.
	over     bool // the handler has returned
	done     bool // and a goroutine has told the loop
	late     bool // and there was no loop any more that could count it
	hijacked bool

	answer
}

// progress is what is known of a request while its handler runs.
type progress struct {
	began     time.Duration // when its head had come
	took      time.Duration // how long it ran, on a goroutine
	worker    *goroutine    // that runs the handler, nil on the loop
	route     *route        // that is on goroutines for a while, and the handler with it
	takesOver bool          // the handler may hijack the connection, and stay with it for long after Shutdown

	// Beneath here conn.mu guards all.
	ended               time.Duration // when its handler had returned, 0 before
	rest                body          // what is left of the request's body
	expects             bool          // 100 Continue is wanted, and has not been sent
	expected            bool          // it was wanted
	badExpect           bool          // something else was
	bodyFailed          bool
	readDeadlinePassed  bool
	writeDeadlinePassed bool
	closeAfter          bool // the connection is to be closed behind the answer
	wantsClose          bool // the client has asked for that
	wantsKeepAlive      bool // or, by HTTP/1.0, for the opposite
}

// start lets the handler of a request run, behind the events of this batch.
func (c *conn) start(ex *exchange) {
	if c.facade.Load() != nil {
		c.mu.Lock() // its deadlines are of any goroutine, and for the request that is there
		c.ex = ex
		c.mu.Unlock()
	} else {
		c.ex = ex
	}
	c.state = running
	ex.began = c.w.core.CallbackBegan()
	c.hold()
	c.due.request(c)
	if c.inErr != nil {
		ex.ctx.cancel()
	}
	c.w.core.AfterEvents(c)
}

// burst is how many pipelined requests of a connection are answered in a row, before other connections have their turn.
const burst = 32

// Deliver runs the handler of the request that has come, and of those behind it. It is what AfterEvents was given.
func (c *conn) Deliver() {
	for n := 0; c.state == running && !c.ex.started && !c.dead; n++ {
		if n == burst {
			c.w.loop.Defer(c)
			return
		}
		ex := c.ex
		ex.started = true
		c.w.meter.begun.Inc()
		if !c.w.inline(ex) {
			c.w.spawn(ex)
			return
		}
		c.w.lend(ex)
		c.finish(ex)
	}
}

// RunLent runs the handler. The loop's goroutine calls it, or another.
func (ex *exchange) RunLent() {
	returned := false
	defer func() {
		if !returned {
			ex.failed(recover())
		}
	}()
	ex.c.w.engine.handle(ex, &ex.req)
	ex.complete()
	returned = true
}

// failed ends the answer of a handler that has panicked with v or, if v is nil, called runtime.Goexit.
func (ex *exchange) failed(v any) {
	now := bubble.Monotonic()
	c := ex.c
	if v != nil {
		c.w.meter.panicked.Add(1)
	}
	if v != nil && v != http.ErrAbortHandler {
		c.w.engine.logf("http: panic serving %v: %v\n%s", ex.req.RemoteAddr, v, debug.Stack())
	}
	c.mu.Lock()
	ex.ended, ex.closeAfter = now, true
	ex.setOver()
	if ex.status == 0 || ex.headClosed {
		ex.pushRest()
	}
	if !ex.hijacked {
		ex.out = ex.out[:0]
	}
	if v == nil && ex.worker == nil { // the loop's goroutine ends: another one goes on here
		ex.done = true
		c.w.notify(c)
	}
	c.mu.Unlock()
	ex.ctx.cancel()
}

// complete ends the answer of a handler that has returned.
func (ex *exchange) complete() {
	now := bubble.Monotonic() // not while mu is locked
	c := ex.c
	c.mu.Lock()
	ex.ended = now
	if !ex.hijacked {
		ex.end()
	}
	ex.setOver()
	c.mu.Unlock()
	ex.ctx.cancel()
	if ex.req.MultipartForm != nil {
		_ = ex.req.MultipartForm.RemoveAll() // a file that stays does no harm to the answer
	}
}

// setOver ends the exchange for goroutines that the handler has left. The caller has locked mu.
func (ex *exchange) setOver() {
	if ex.over = true; ex.hijacked && ex.worker == nil {
		ex.c.w.engine.hijackers.Add(-1)
	}
	ex.c.wakeReader()
	ex.c.wakeWriter()
}

// finish sends what the handler has left, and goes on with the connection.
func (c *conn) finish(ex *exchange) {
	w := c.w
	w.ran(ex)
	if ex.hijacked || c.state == detached {
		return
	}
	p := ex.pages
	c.mu.Lock()
	queue := c.takeQueue()
	c.ex = nil
	failed := c.inErr != nil && c.inErr != errEOF || p.broke != nil || p.writeDeadlinePassed
	c.asked = ask{} // its deadlines are not for the next request
	c.mu.Unlock()
	c.flush(queue)
	ends := p.closeAfter || p.bodyFailed || !p.rest.over() && ex.tooMuchLeft()
	ex.pages = nil
	if c.dead {
		c.state = closing
		w.givePages(p)
		c.inOff = len(c.in)
		c.dropInput()
		return
	}
	c.skip = p.rest
	failed = failed || c.state == closing || c.send(p) != nil
	w.givePages(p)
	switch {
	case failed:
		c.abort()
	case ends:
		c.close()
	default:
		c.lines, c.ends = 0, 0
		if ex.req.Method == http.MethodPost {
			c.lines = 4
		}
		c.goOn()
	}
}

// tooMuchLeft tells whether the body that the handler has left is too long to be skipped, or its client may not send it at all.
func (ex *exchange) tooMuchLeft() bool {
	return ex.expects || ex.rest.chunks == nil && ex.rest.left >= skipMax
}

// goOn skips what is left of the last body, and reads the next head.
func (c *conn) goOn() {
	c.state = reading
	if !c.skip.over() {
		c.state = skipping
		if c.skip.budget == 0 {
			c.skip.budget = skipMax
		}
		if p := c.input(); len(p) > 0 {
			if rest := c.skipBody(p); c.state == skipping || c.state == closing {
				c.inOff = len(c.in)
			} else {
				c.inOff = len(c.in) - len(rest)
			}
		}
	} else {
		c.idle()
	}
	c.proceed()
}

// idle notes that nothing of a request is under way.
func (c *conn) idle() {
	c.state = reading
	c.setState(http.StateIdle)
	c.due.idle(c)
}

// proceed reads the head that has come already, unless the answers before it have not left.
func (c *conn) proceed() {
	if c.state == reading && len(c.input()) > 0 {
		if c.sc.Full() {
			c.full = true
			return
		}
		c.head(nil)
	}
	switch {
	case c.state == reading && c.inErr != nil:
		c.cut()
	case c.state == skipping && c.inErr != nil:
		c.close()
	case c.state != running:
		if c.w.engine.draining.Load() {
			c.holdUnsent()
		}
		c.unhold()
	}
	c.dropInput()
	c.resume()
}

// resume reads on, if reading has paused and the input has become short, or more is needed of what has come in part.
func (c *conn) resume() {
	if c.paused && (c.state != running || len(c.input()) < inputMax/2) {
		c.paused = false
		c.sc.Resume()
	}
}

// drained goes on with requests that have waited for the answers before them to leave.
func (c *conn) drained() {
	if c.full {
		c.full = false
		c.proceed()
	}
}
