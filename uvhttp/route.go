package uvhttp

import (
	"net/http"
	"strings"
	"time"

	"github.com/uvgo/uvgo/internal/core"
)

// A route is what Auto knows of handlers that were slow: their requests have the same pattern, if the server's Handler
// is a ServeMux, or else the same method and first segment of the path.
type route struct {
	until time.Duration // by the loop's clock: on goroutines until then
	away  time.Duration // how long that is
	slow  bool          // one was slow since
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
	if len(w.routes.slow) == 0 {
		return true
	}
	r := w.routes.slow[w.routeOf(ex.req)]
	if r == nil {
		return true
	}
	now := w.loop.Now()
	if now < r.until {
		return false
	}
	if r.slow { // goroutines have found that out: the loop need not
		r.extend(now)
		return false
	}
	return true
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

var _ core.Lent = (*exchange)(nil)

// ran notes how a handler has run.
func (w *worker) ran(ex *exchange) {
	if g := ex.worker; g != nil || ex.done {
		w.joined(g)
		if ex.took < slowAfter || len(w.routes.slow) == 0 {
			return
		}
		if r := w.routes.slow[w.routeOf(ex.req)]; r != nil {
			r.slow = true
		}
		return
	}
	if !ex.slow || w.engine.opts.inline == Always {
		return
	}
	key, now := w.routeOf(ex.req), w.loop.Now()
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
