package uvhttp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestRingOfALateTimer: a turn that is some ticks late hangs connections again whose time is far away. They must
// not come back to the bucket that it looks at.
func TestRingOfALateTimer(t *testing.T) {
	loop := uvtest.Must(uvgo.New())
	defer loop.Close()
	for late := range int64(300) {
		w := &worker{loop: loop, engine: &engine{opts: options{idleTimeout: time.Hour}}}
		r := &w.ring
		r.init(w)
		now := int64(w.now() / r.grain)
		r.at, r.count = now-late-1, 1
		c := &conn{w: w}
		c.due = due{in: w.now() + time.Hour, out: never, hung: now - late}
		if late > now {
			continue // the clock has just begun
		}
		r.buckets[(now-late)%256] = c
		r.turn() // ends
		if c.due.hung <= now || r.count != 1 {
			t.Fatalf("%d ticks late: hangs at %d of %d, %d connections", late, c.due.hung, now, r.count)
		}
		if r.timer != nil {
			r.timer.Close()
		}
	}
	uvtest.Expect(t, loop.Run(context.Background()))
}

// TestFarDeadlines: a deadline that is further away than a time.Duration can tell has not passed.
func TestFarDeadlines(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
			uvtest.Expect(t, rc.SetReadDeadline(far))
			uvtest.Expect(t, rc.SetWriteDeadline(far))
			for range 5 {
				time.Sleep(30 * time.Millisecond) // a tick of the ring or more
				if _, err := io.WriteString(w, "x"); err != nil {
					t.Error(err)
				}
				uvtest.Expect(t, rc.Flush())
			}
		})
		s.ReadTimeout = 40 * time.Millisecond
		if got := get(t, client(t), "http://"+start(t, s)); got != "xxxxx" {
			t.Errorf("%q", got)
		}
	})
}

// TestDeadlineOfTheRequestBefore: a deadline that a handler sets just before it returns is not the next request's.
func TestDeadlineOfTheRequestBefore(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			if r.URL.Path == "/1" {
				uvtest.Expect(t, rc.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
				return
			}
			for range 5 {
				uvtest.Expect(t, rc.Flush())
				time.Sleep(100 * time.Millisecond)
			}
			if _, err := fmt.Fprint(w, "whole"); err != nil {
				t.Error(err)
			}
			uvtest.Expect(t, rc.Flush())
		})
		addr, c := start(t, s), client(t)
		get(t, c, "http://"+addr+"/1")
		if got := get(t, c, "http://"+addr+"/2"); got != "whole" {
			t.Errorf("%q", got)
		}
	})
}
