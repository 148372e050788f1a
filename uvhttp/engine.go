package uvhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// An engine is one call of Serve: its loops, and what its connections need of the Server.
type engine struct {
	srv     *Server
	opts    options
	inner   *server.Server
	std     *http.Server // for HTTP/2, and what is in contexts
	http2   *handed
	handler http.Handler

	given    net.Listener    // closed when Shutdown begins
	raw      syscall.RawConn // given's, to see whether somebody else has closed it
	begun    chan struct{}   // closed when Shutdown or Close begins
	begin    sync.Once
	ends     chan struct{} // closed when Shutdown or Close has returned
	end      sync.Once
	draining atomic.Bool
	deaf     atomic.Bool // the listener was closed, by another than us
	closing  atomic.Bool
	date     atomic.Pointer[date]
	// hijackers are the handlers that have been lent a loop, have hijacked their connection, and have not returned.
	hijackers atomic.Int64

	mu      sync.Mutex
	workers map[*uvgo.Loop]*worker
	shared  sharedMeter // of what net/http's server handles
}

// options are a Server's fields, as the connections need them.
type options struct {
	ConnState                                           func(net.Conn, http.ConnState)
	ConnContext                                         func(ctx context.Context, c net.Conn) context.Context
	base                                                context.Context
	headTimeout, readTimeout, writeTimeout, idleTimeout time.Duration
	maxHead                                             int
	inline                                              Inline
	mux                                                 *http.ServeMux // the handler, if it is one
	priorKnowledge                                      bool
	options                                             bool // OPTIONS * is answered
	logger                                              *slog.Logger
}

// worker returns what the connections of a loop share.
func (e *engine) worker(loop *uvgo.Loop) *worker {
	e.mu.Lock()
	defer e.mu.Unlock()
	w := e.workers[loop]
	if w == nil {
		w = newWorker(e, loop)
		e.workers[loop] = w
	}
	return w
}

// handle runs the handler of a request.
func (e *engine) handle(ex *exchange, r *http.Request) {
	switch {
	case ex.badExpect:
		ex.Header().Set("Connection", "close")
		ex.WriteHeader(http.StatusExpectationFailed)
	case e.opts.options && r.RequestURI == "*" && r.Method == http.MethodOptions:
		ex.Header().Set("Content-Length", "0")
		if r.ContentLength != 0 {
			_, _ = io.Copy(io.Discard, http.MaxBytesReader(ex, r.Body, 4<<10)) // whatever it is
		}
	default:
		e.handler.ServeHTTP(ex, r)
	}
}

// keepsAlive tells whether a connection may stay open behind an answer. The caller has locked conn.mu.
func (e *engine) keepsAlive(c *conn) bool {
	return !e.srv.noKeepAlives.Load() && (!e.draining.Load() || len(c.input()) > 0)
}

// A date is the field Date in a second, and when that begins and ends by the clock of bubble.Monotonic, which is cheaper to read
// than time.Now. If somebody sets the system's clock, Date is wrong until then.
type date struct {
	from, until time.Duration
	line        string
}

// appendDate appends Date. now is the time by bubble.Monotonic.
func (e *engine) appendDate(out []byte, now time.Duration) []byte {
	d := e.date.Load()
	if d == nil || now < d.from || now >= d.until {
		wall := time.Now()
		d = &date{now, now + time.Second - time.Duration(wall.Nanosecond()), "Date: " + wall.UTC().Format(http.TimeFormat) + "\r\n"}
		e.date.Store(d)
	}
	return append(out, d.line...)
}

// stop begins the end: Serve returns, and no connections are accepted.
func (e *engine) stop() {
	e.begin.Do(func() {
		e.draining.Store(true)
		close(e.begun)
		if e.given != nil {
			_ = e.given.Close() // its descriptor has been duplicated
		}
	})
}

// shutdown ends the engine gracefully.
func (e *engine) shutdown(ctx context.Context) error {
	defer e.end.Do(func() { close(e.ends) })
	e.stop()
	loops, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() {
		e.abort()
		end()
	})()
	e.each((*conn).holdUnsent)
	std := make(chan error, 1)
	go func() { std <- e.std.Shutdown(ctx) }() // HTTP/2 is told at once, too
	err := e.endLoops(loops)
	if errors.Is(err, uv.ETIMEDOUT) && ctx.Err() == nil { // answers that their clients have not read
		err = nil
	}
	if err2 := <-std; err == nil {
		err = err2
	}
	if ctx.Err() != nil {
		_ = e.std.Close()
		err = ctx.Err()
	}
	return err
}

// endLoops ends the loops, and waits for that. But a handler that has hijacked its connection while it was lent a loop may stay with
// it for long. Hijacked connections are not the server's, so nothing waits for them: that loop ends when the handler returns.
func (e *engine) endLoops(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- e.inner.Shutdown(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-e.inner.ConnsClosed():
		if e.hijackers.Load() > 0 {
			return nil
		}
		return <-ended
	}
}

// close ends the engine at once.
func (e *engine) close() error {
	defer e.end.Do(func() { close(e.ends) })
	e.closing.Store(true)
	e.stop()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e.abort()
	_ = e.endLoops(ctx) // the context's error
	return e.std.Close()
}

// abort closes all connections at once. Their handlers find out by their contexts. It waits for that, since what a handler has
// flushed goes through its loop, but not long for a loop that is in a function of the user's.
func (e *engine) abort() {
	e.closing.Store(true)
	limit := time.NewTimer(abortWait)
	defer limit.Stop()
	select {
	case <-e.each((*conn).abort):
	case <-limit.C:
	}
}

// abortWait is how long Close waits for loops.
const abortWait = 200 * time.Millisecond

// each calls fn with all connections, each on its loop, soon. It returns a channel that is closed behind that.
func (e *engine) each(fn func(c *conn)) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	done := make(chan struct{})
	var left atomic.Int64
	left.Store(int64(len(e.workers)) + 1)
	one := func() {
		if left.Add(-1) == 0 {
			close(done)
		}
	}
	for loop, w := range e.workers {
		if loop.Post(func() { w.conns.each(fn); one() }) != nil { // there are none any more
			one()
		}
	}
	one()
	return done
}

// ended ends the goroutines, once the loops have ended.
func (e *engine) ended() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.workers {
		w.ended()
	}
}

// logf logs what a handler has done wrong.
func (e *engine) logf(format string, args ...any) {
	if l := e.srv.ErrorLog; l != nil {
		l.Printf(format, args...)
		return
	}
	e.opts.logger.Error(fmt.Sprintf(format, args...))
}

// logger is where package server's reports go.
func (s *Server) logger() *slog.Logger {
	if s.ErrorLog == nil {
		return slog.Default()
	}
	return slog.New(slog.NewTextHandler(logWriter{s.ErrorLog}, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
}

// withoutTime drops the time and the level, because an ErrorLog writes its own.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
		return slog.Attr{}
	}
	return a
}

// A logWriter writes the lines of slog to an ErrorLog.
type logWriter struct{ log *log.Logger }

func (w logWriter) Write(p []byte) (int, error) {
	w.log.Print(strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}
