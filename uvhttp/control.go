package uvhttp

import (
	"io"
	"net/http"
	"os"
	"time"
)

// What http.ResponseController and old programs look for.
var (
	_ http.Flusher       = (*exchange)(nil)
	_ http.Hijacker      = (*exchange)(nil)
	_ http.CloseNotifier = (*exchange)(nil) //nolint:staticcheck // gin asserts it
	_ io.ReaderFrom      = (*exchange)(nil)
	_ io.StringWriter    = (*exchange)(nil)
)

// Flush sends what has been written.
func (ex *exchange) Flush() { _ = ex.FlushError() }

// FlushError sends what has been written.
func (ex *exchange) FlushError() error {
	ex.c.mu.Lock()
	defer ex.c.mu.Unlock()
	switch {
	case ex.hijacked:
		return http.ErrHijacked
	case ex.over:
		return errOver
	}
	return ex.flush()
}

// flush sends what has been written. The caller has locked mu.
func (ex *exchange) flush() error {
	if ex.status == 0 {
		ex.writeHeader(http.StatusOK)
	}
	if len(ex.pages.body) > 0 {
		if err := ex.emitBody(); err != nil {
			return err
		}
	} else if !ex.headClosed {
		ex.closeHead(nil, 0, false)
	}
	ex.pages.bulk = false
	return ex.push()
}

// CloseNotify returns a channel that receives when the client has gone, or the handler has returned.
func (ex *exchange) CloseNotify() <-chan bool {
	ch := make(chan bool, 1)
	ex.ctx.AfterFunc(func() { ch <- true })
	return ch
}

// EnableFullDuplex does nothing: a handler may always read its body after it has begun to write.
func (ex *exchange) EnableFullDuplex() error { return nil }

// SetReadDeadline sets until when the body may be read; zero: always.
func (ex *exchange) SetReadDeadline(t time.Time) error {
	if c := ex.c.left(); c != nil {
		return c.SetReadDeadline(t)
	}
	return ex.setDeadline(t, func(passed bool) {
		ex.readDeadlinePassed = passed
		if passed {
			ex.c.wakeReader()
		}
	}, &ex.c.asked.read)
}

// SetWriteDeadline sets until when the answer may be written; zero: always.
func (ex *exchange) SetWriteDeadline(t time.Time) error {
	if c := ex.c.left(); c != nil {
		return c.SetWriteDeadline(t)
	}
	return ex.setDeadline(t, func(passed bool) {
		ex.writeDeadlinePassed = passed
		if passed {
			ex.c.wakeWriter()
		}
	}, &ex.c.asked.write)
}

func (ex *exchange) setDeadline(t time.Time, set func(passed bool), asked *deadline) error {
	ex.c.mu.Lock()
	defer ex.c.mu.Unlock()
	if ex.over {
		return errOver
	}
	d := deadlineOf(t)
	set(d.set && d.left <= 0)
	*asked = d
	ex.c.w.notify(ex.c)
	return nil
}

// A deadline is one that a handler wants.
type deadline struct {
	asked, set bool
	left       time.Duration
}

// deadlineOf is a deadline at a time; zero: none.
func deadlineOf(t time.Time) deadline {
	if t.IsZero() {
		return deadline{asked: true}
	}
	return deadline{asked: true, set: true, left: time.Until(t)}
}

// timeout is the error of a deadline that has passed.
func (c *conn) timeout(op string) error {
	return opError(op, c, os.ErrDeadlineExceeded)
}
