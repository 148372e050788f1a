package uvhttp

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	self "github.com/uvgo/uvgo/internal/goroutine"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// whereHandler answers with the goroutine that it runs on. Under /slow it waits for a word, while slow is set.
type whereHandler struct {
	slow    atomic.Bool
	release chan struct{}
}

func (h *whereHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.slow.Load() && len(r.URL.Path) > 4 && r.URL.Path[:5] == "/slow" {
		<-h.release
	}
	fmt.Fprint(w, self.Self())
}

// TestQuickHandlersShareTheLoopsGoroutine: with Auto, they run where the loop runs; with Never they do not. The connections are many, so
// that goroutines are, too.
func TestQuickHandlersShareTheLoopsGoroutine(t *testing.T) {
	for mode, want := range map[Inline]bool{Auto: true, Always: true, Never: false} {
		both := make(chan struct{})
		var inside atomic.Int32
		s := &Server{Inline: mode, Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if mode == Never { // two at once prove two goroutines
				if inside.Add(1) == 2 {
					close(both)
				}
				<-both
			}
			fmt.Fprint(w, self.Self())
		})}
		addr := start(t, s)
		seen := make(map[string]int)
		var mu sync.Mutex
		var wg sync.WaitGroup
		c := client(t)
		for range 2 {
			wg.Go(func() {
				where := get(t, c, "http://"+addr)
				mu.Lock()
				seen[where]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if one := len(seen) == 1; one != want {
			t.Errorf("mode %d: handlers on %d goroutines", mode, len(seen))
		}
	}
}

// TestSlowRouteGoesToGoroutines: once the loop had to be taken from a handler, requests of its route do not come to the loop, others do.
func TestSlowRouteGoesToGoroutines(t *testing.T) {
	mux := http.NewServeMux()
	h := &whereHandler{release: make(chan struct{})}
	mux.Handle("/slow/{id}", h)
	mux.Handle("/quick/", h)
	for name, handler := range map[string]http.Handler{"pattern": mux, "segment": http.HandlerFunc(mux.ServeHTTP)} {
		t.Run(name, func(t *testing.T) {
			s := &Server{Loops: 1, Handler: handler}
			addr := start(t, s)
			c := client(t)
			w := onlyWorker(t, s, func() { get(t, c, "http://"+addr+"/quick/1") })
			h.slow.Store(true)
			slow := make(chan string)
			go func() { slow <- get(t, c, "http://"+addr+"/slow/1") }()
			for range 10 { // others are answered meanwhile
				get(t, c, "http://"+addr+"/quick/2")
			}
			h.release <- struct{}{}
			<-slow
			h.slow.Store(false)
			if got := onLoop(t, w, func() int { return len(w.routes.slow) }); got != 1 {
				t.Fatalf("%d slow routes", got)
			}
			req := func(path string) bool {
				r, err := http.NewRequest(http.MethodGet, "http://x"+path, nil)
				uvtest.Check(t, err)
				return onLoop(t, w, func() bool { return w.inline(&exchange{c: &conn{w: w}, req: *r, answer: answer{pages: new(pages)}}) })
			}
			onLoop(t, w, func() bool { // as if it had just been found
				for _, r := range w.routes.slow {
					r.until = w.loop.Now() + time.Hour
				}
				return true
			})
			if req("/slow/2") || !req("/quick/3") {
				t.Errorf("slow on the loop %t, quick on the loop %t", req("/slow/2"), req("/quick/3"))
			}
		})
	}
}

// TestRouteComesBack: a route that has been quick on goroutines comes back when its time is over, and one that has not stays for twice as long.
func TestRouteComesBack(t *testing.T) {
	r := &route{until: 100 * time.Millisecond, away: awayFirst}
	r.extend(100 * time.Millisecond)
	if r.away != 2*awayFirst || r.until != 300*time.Millisecond {
		t.Errorf("away for %v until %v", r.away, r.until)
	}
	for range 20 {
		r.extend(r.until)
	}
	if r.away != awayMax {
		t.Errorf("away for %v at most", r.away)
	}
	r.extend(r.until + time.Hour)
	if r.away != awayFirst {
		t.Errorf("away for %v after an hour of quickness", r.away)
	}
	var all routes
	all.slow = make(map[string]*route)
	for i := range routesMax {
		all.slow[fmt.Sprint(i)] = &route{until: time.Duration(i)}
	}
	if all.forget(0); len(all.slow) >= routesMax {
		t.Errorf("%d routes stay", len(all.slow))
	}
}

// onlyWorker returns the worker of a server that has one loop, once request has made a connection.
func onlyWorker(t *testing.T, s *Server, request func()) *worker {
	t.Helper()
	request()
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := range s.engines {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, w := range e.workers {
			return w
		}
	}
	t.Fatal("no worker")
	return nil
}

// onLoop returns what fn returns on the loop.
func onLoop[T any](t *testing.T, w *worker, fn func() T) T {
	t.Helper()
	ch := make(chan T, 1)
	uvtest.Check(t, w.loop.Post(func() { ch <- fn() }))
	return <-ch
}

// TestGoroutinesEndWhenNobodyNeedsThem: those that no request has needed since the last look end.
func TestGoroutinesEndWhenNobodyNeedsThem(t *testing.T) {
	all := make(chan struct{})
	var inside atomic.Int32
	s := &Server{Loops: 1, Inline: Never, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			if inside.Add(1) == 10 {
				close(all)
			}
			<-all
		}
		io.WriteString(w, "x")
	})}
	addr := start(t, s)
	c := client(t)
	w := onlyWorker(t, s, func() { get(t, c, "http://"+addr) })
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { get(t, c, "http://"+addr+"/wait") })
	}
	wg.Wait()
	idle := func() int { return onLoop(t, w, func() int { return len(w.idle) }) }
	for idle() < 10 { // the last one's answer leaves before the loop takes its goroutine back
		get(t, c, "http://"+addr)
	}
	onLoop(t, w, func() int { w.trim(false); return 0 }) // from now on it counts
	get(t, c, "http://"+addr)
	for onLoop(t, w, func() int { w.trim(false); return len(w.idle) }) > 1 {
		get(t, c, "http://"+addr)
	}
}
