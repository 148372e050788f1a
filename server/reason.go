package server

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync/atomic"

	"github.com/uvgo/uvgo/uv"
)

// reason says why a connection was closed. Its count is in Closed, and its error, if any, is
// what Handler.Close gets.
type reason uint8

const (
	byUs reason = iota // the zero value: nothing else has happened
	byPeer
	aborted
	wasReset
	failed
	panicked
	closeTimeout
	idleTimeout
	writeTimeout
	handshakeTimeout
	tooManyConns
	badTLS
	truncated
	badProxy
	badFrame
	wasDetached
	reasons // how many there are
)

// limitReports are the reasons that go to the Logger, each once a second at most, with the
// level and the text of the report.
var limitReports = [reasons]struct {
	level slog.Level
	text  string
}{
	idleTimeout:      {slog.LevelInfo, "server: connections are closed by IdleTimeout"},
	writeTimeout:     {slog.LevelInfo, "server: connections are closed by WriteTimeout"},
	handshakeTimeout: {slog.LevelInfo, "server: connections are closed by HandshakeTimeout"},
	tooManyConns:     {slog.LevelWarn, "server: connections are closed by MaxConnsPerIP"},
	truncated:        {slog.LevelDebug, "server: peers end TLS streams without close_notify"},
	badTLS:           {slog.LevelInfo, "server: connections are closed because TLS failed"},
	badProxy:         {slog.LevelWarn, "server: connections are closed because of their PROXY header"},
	badFrame:         {slog.LevelInfo, "server: connections are closed because of a frame"},
}

// Closed counts the closed connections by the reason of their end. Each connection counts
// once.
type Closed struct {
	ByUs    uint64 // Close, or both sides had ended, or Shutdown
	ByPeer  uint64 // the peer ended its side: Handler.Close got io.EOF
	Aborted uint64 // Abort, or the end of Serve's context
	Reset   uint64 // the peer reset the connection, or was gone when we wrote
	Failed  uint64 // another failure, such as keep-alive probes without an answer
	Panics  uint64 // the handler panicked, or a callback of a tls.Config

	CloseTimeout     uint64 // bytes were unsent after CloseTimeout
	IdleTimeout      uint64 // nothing was read and written
	WriteTimeout     uint64 // the peer took none of the unsent bytes
	HandshakeTimeout uint64 // the TLS handshake or the PROXY header took too long
	TooManyConns     uint64 // MaxConnsPerIP was reached: Open was not called
	TLS              uint64 // the TLS handshake or a TLS record failed
	Truncated        uint64 // the peer ended a TLS stream without close_notify, as many clients do
	Proxy            uint64 // the PROXY header was bad or missing
	Frame            uint64 // a frame was too long or bad

	Detached uint64 // Detach took the connection away: it may be open still
}

// closedCounts are the counts of Closed.
type closedCounts [reasons]atomic.Uint64

// addTo adds the counts to t.
func (n *closedCounts) addTo(t *Closed) {
	for why, field := range t.fields() {
		*field += n[why].Load()
	}
}

// fields are the fields by reason.
func (t *Closed) fields() [reasons]*uint64 {
	return [reasons]*uint64{
		byUs: &t.ByUs, byPeer: &t.ByPeer, aborted: &t.Aborted, wasReset: &t.Reset, failed: &t.Failed, panicked: &t.Panics,
		closeTimeout: &t.CloseTimeout, idleTimeout: &t.IdleTimeout, writeTimeout: &t.WriteTimeout,
		handshakeTimeout: &t.HandshakeTimeout, tooManyConns: &t.TooManyConns,
		badTLS: &t.TLS, truncated: &t.Truncated, badProxy: &t.Proxy, badFrame: &t.Frame, wasDetached: &t.Detached,
	}
}

// reasonNames are the names that All gives the reasons.
var reasonNames = [reasons]string{
	byUs: "by_us", byPeer: "by_peer", aborted: "aborted", wasReset: "reset", failed: "failed", panicked: "panic",
	closeTimeout: "close_timeout", idleTimeout: "idle_timeout", writeTimeout: "write_timeout",
	handshakeTimeout: "handshake_timeout", tooManyConns: "too_many_conns",
	badTLS: "tls", truncated: "truncated", badProxy: "proxy", badFrame: "frame", wasDetached: "detached",
}

// All yields all counts with the names of their reasons, such as "idle_timeout", in the same order each time.
func (t Closed) All() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for why, field := range t.fields() {
			if !yield(reasonNames[why], *field) {
				return
			}
		}
	}
}

func (t Closed) add(o Closed) Closed {
	from := o.fields()
	for why, field := range t.fields() {
		*field += *from[why]
	}
	return t
}

// reasonOf returns the reason for a failure of the socket.
func reasonOf(err error) reason {
	switch {
	case errors.Is(err, uv.ECONNRESET), errors.Is(err, uv.EPIPE), errors.Is(err, uv.ECONNABORTED):
		return wasReset
	}
	return failed
}

// fail closes at once after a failure of the socket.
func (c *Conn) fail(err error) { c.failAs(reasonOf(err), err) }

// failAs closes at once, counts why, and reports it if it is a limit. Handler.Close gets err,
// unless an earlier failure is to be reported; the peer's EOF is no failure.
func (c *Conn) failAs(why reason, err error) {
	if m := c.rare(); m.err == nil {
		m.err, c.why = err, why
	}
	c.closeNow()
}

// countClosed counts a connection that has ended, and reports a limit that ended it. remote
// is its peer's address, if it has one.
func (w *worker) countClosed(why reason, remote slog.Attr, err error) {
	w.closed[why].Add(1)
	s := w.server
	r := &limitReports[why]
	if r.text == "" || !s.limits[why].due() {
		return
	}
	var total uint64
	for _, w := range s.workers {
		total += w.closed[why].Load()
	}
	s.Logger.LogAttrs(context.Background(), r.level, r.text, slog.Uint64("total", total), remote, slog.Any("error", err))
}
