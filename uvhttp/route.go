package uvhttp

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvhttp/internal/h1"
)

// A route is what Auto knows of handlers that were slow: their requests have the same pattern, if the server's Handler
// is a ServeMux, or else the same method and first segment of the path.
type route struct {
	until time.Duration // by the loop's clock: on goroutines until then
	away  time.Duration // how long that is
	slow  bool          // one was slow since
	runs  int           // how many run on goroutines now: those that never end are slow, too
}

// routes are the slow routes of a loop.
type routes struct{ slow map[string]*route }

const (
	routesMax = 1024
	awayFirst = 100 * time.Millisecond
	awayMax   = time.Minute
	// slowAfter is how long a handler on a goroutine may take to count as quick: the watcher finds one that takes twice as long.
	slowAfter = time.Millisecond
)

// inline tells whether a handler is to run on the loop.
func (w *worker) inline(ex *exchange) bool {
	switch mode := w.engine.opts.inline; {
	case mode == Never || ex.takesOver:
		return false
	case mode == Always:
		return true
	}
	if w.look(); len(w.routes.slow) == 0 {
		return true
	}
	r := w.routes.slow[w.routeOf(&ex.req)]
	if r == nil {
		return true
	}
	now := w.loop.Now()
	switch {
	case now < r.until:
	case r.slow || r.runs > 0: // goroutines have found that out: the loop need not
		r.extend(now)
	default:
		return true
	}
	r.runs++
	ex.route = r
	return false
}

// extend keeps a route on goroutines for another while: twice as long, unless it has been quick for longer than that.
func (r *route) extend(now time.Duration) {
	if r.away = min(2*r.away, awayMax); now-r.until > r.away {
		r.away = awayFirst
	}
	r.until, r.slow = now+r.away, false
}

// routeOf is the name of a request's route.
func (w *worker) routeOf(r *http.Request) string {
	if mux := w.engine.opts.mux; mux != nil {
		if _, pattern := mux.Handler(r); pattern != "" {
			return pattern
		}
	}
	path := r.URL.Path
	if i := strings.IndexByte(path[min(1, len(path)):], '/'); i >= 0 {
		path = path[:i+1]
	}
	return r.Method + " " + path
}

// lend runs a handler on the loop.
func (w *worker) lend(ex *exchange) {
	w.lent, w.takes = ex, w.core.Takes()
	if w.core.Lend(ex) {
		w.learn(ex)
	}
	if w.lent == ex {
		w.lent = nil
	}
}

var _ core.Lent = (*exchange)(nil)

// look finds out whether the handler that was lent the loop last is slow. It may run for long, or never end.
func (w *worker) look() {
	if ex := w.lent; ex != nil && w.takes != w.core.Takes() {
		w.lent = nil
		w.learn(ex)
	}
}

// learn sends the route of a slow handler to goroutines for a while.
func (w *worker) learn(ex *exchange) {
	if ex.learned || w.engine.opts.inline == Always {
		return
	}
	ex.learned = true
	key, now := w.routeOf(ex.asItCame()), w.loop.Now()
	if r := w.routes.slow[key]; r != nil {
		r.extend(now)
		return
	}
	if w.routes.slow == nil {
		w.routes.slow = make(map[string]*route)
	}
	if len(w.routes.slow) >= routesMax {
		w.routes.forget(now)
	}
	w.routes.slow[strings.Clone(key)] = &route{until: now + awayFirst, away: awayFirst}
}

// asItCame is a request of what routeOf looks at. The handler, which still runs, may have changed its own.
func (ex *exchange) asItCame() *http.Request {
	var p h1.Parser
	p.Reset()
	if _, err := p.Parse([]byte(ex.head), len(ex.head)); err != nil { // it was parsed before
		return &http.Request{URL: &url.URL{}}
	}
	r := &http.Request{Method: p.Method.In(ex.head), Host: p.Host.In(ex.head), RequestURI: p.Target.In(ex.head)}
	var again exchange
	if again.setURL(r) != nil {
		r.URL = &url.URL{}
	}
	if r.URL.Host != "" {
		r.Host = r.URL.Host
	}
	return r
}

// ran notes how a handler has run on a goroutine.
func (w *worker) ran(ex *exchange) {
	w.joined(ex.worker)
	w.meter.ended.Inc()
	w.meter.classes[class(ex.status)].Inc()
	w.meter.time.ObserveDuration(ex.ended - ex.began)
	if r := ex.route; r != nil {
		r.runs--
		r.slow = r.slow || ex.took >= slowAfter
	}
}

// ranLate counts a handler that has returned when the loop had ended. Both the handler's goroutine and ended may find that. Any
// goroutine may call it, with conn.mu locked.
func (w *worker) ranLate(ex *exchange) {
	if ex.late {
		return
	}
	ex.late = true
	late := &w.engine.srv.late
	late.classes[class(ex.status)].Add(1)
	took := uint64(max(ex.ended-ex.began, 0))
	late.time[uv.HistogramBucket(took)].Add(1)
	late.sum.Add(took)
	late.ended.Add(1) // it had begun by the loop's count
}

// forget makes room: for routes whose time is over, or else for any.
func (r *routes) forget(now time.Duration) {
	for key, route := range r.slow {
		if route.until < now {
			delete(r.slow, key)
		}
	}
	for key := range r.slow {
		if len(r.slow) < routesMax {
			return
		}
		delete(r.slow, key)
	}
}
