package uvhttp

import (
	"io"
	"net/http"

	"github.com/uvgo/uvgo/uvhttp/internal/h1"
)

// skipMax is how much of a body that the handler did not read is read so that the connection can be used again.
const skipMax = 256 << 10

// A body is what is left of a request's body.
type body struct {
	left   int64       // bytes, if its length is known
	chunks *h1.Chunked // its framing, if it is chunked
	done   bool        // all chunks have been read
	budget int64       // while it is skipped: how many more bytes may come
}

// over tells whether nothing is left.
func (b *body) over() bool { return b.done || b.chunks == nil && b.left == 0 }

// next takes the next piece of the body from p: data, and how much of p is used up.
func (b *body) next(p []byte, most int) (data []byte, used int, err error) {
	if b.chunks == nil {
		n := int(min(b.left, int64(len(p)), int64(most)))
		b.left -= int64(n)
		return p[:n], n, nil
	}
	// A decoder uses all that it is given, unless the body ends, so it is not given more than is wanted.
	for used < len(p) && len(data) == 0 && !b.done && err == nil {
		var n int
		data, n, b.done, err = b.chunks.Next(p[used:min(len(p), used+most)])
		used += n
	}
	return data, used, err
}

// A requestBody is Request.Body.
type requestBody struct {
	ex     *exchange
	closed bool  // conn.mu
	err    error // conn.mu: what Read has returned last
}

// Read reads what has arrived, or waits for it.
func (b *requestBody) Read(p []byte) (n int, err error) {
	ex := b.ex
	c := ex.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case ex.hijacked:
			return 0, http.ErrHijacked // what had arrived is in what Hijack has returned
		case b.closed || ex.over:
			return 0, http.ErrBodyReadAfterClose
		case b.err != nil:
			return 0, b.err
		case len(p) == 0:
			return 0, nil
		}
		if ex.expects {
			ex.sendContinue()
		}
		n, b.err = ex.readInput(p)
		if n > 0 || b.err != nil {
			return n, b.err
		}
		if err := c.wait(&c.readers); err != nil {
			return 0, err
		}
	}
}

// readInput reads what has arrived into p. The caller has locked mu.
func (ex *exchange) readInput(p []byte) (n int, err error) {
	c := ex.c
	if ex.rest.over() {
		return 0, io.EOF
	}
	data, used, err := ex.rest.next(c.input(), len(p))
	n = copy(p, data)
	c.inOff += used
	if c.paused && len(c.input()) < inputMax/2 {
		c.w.notify(c)
	}
	switch {
	case err != nil:
		ex.bodyFailed = true
		return n, err
	case ex.rest.done:
		ex.setTrailer()
		fallthrough
	case ex.rest.over():
		return n, io.EOF
	case n > 0:
		return n, nil
	case c.dead || c.inErr == errEOF:
		ex.bodyFailed = true
		return 0, io.ErrUnexpectedEOF
	case c.inErr != nil:
		ex.bodyFailed = true
		return 0, c.inErr
	case ex.readDeadlinePassed:
		ex.bodyFailed = true
		return 0, c.timeout("read")
	}
	return 0, nil
}

// skipArrived skips what has arrived of the body that the handler has left. So the answer's head can tell whether the
// connection will be kept. The caller has locked mu.
func (ex *exchange) skipArrived() {
	c, b := ex.c, &ex.rest
	for b.budget = skipMax; !b.over() && !ex.bodyFailed; {
		data, used, err := b.next(c.input(), skipMax)
		c.inOff += used
		b.budget -= int64(len(data))
		switch {
		case err != nil || b.budget < 0:
			ex.bodyFailed = true
		case used == 0:
			ex.bodyFailed = c.inErr != nil || c.dead || ex.readDeadlinePassed
			return
		}
	}
}

// setTrailer hands the trailer over. The caller has locked mu.
func (ex *exchange) setTrailer() {
	for _, f := range ex.rest.chunks.Trailer() {
		if ex.req.Trailer == nil {
			ex.req.Trailer = make(http.Header)
		}
		ex.req.Trailer.Add(f.Name, f.Value)
	}
}

// Close ends reading. What is left of the body is skipped behind the answer.
func (b *requestBody) Close() error {
	b.ex.c.mu.Lock()
	b.closed = true
	if !b.ex.over {
		b.ex.c.wakeReader() // Read on another goroutine
	}
	b.ex.c.mu.Unlock()
	return nil
}

// skipBody skips what p has of the body that the last handler left, and returns the rest of p.
func (c *conn) skipBody(p []byte) []byte {
	s := &c.skip
	for len(p) > 0 && !s.over() {
		data, used, err := s.next(p, len(p))
		p = p[used:]
		if s.budget -= int64(len(data)); err != nil || s.budget < 0 {
			c.close()
			return nil
		}
	}
	if s.over() {
		c.skip = body{}
		c.idle()
		return p
	}
	return nil
}
