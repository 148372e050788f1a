package workers

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/activation"
)

// A slot is the place of one worker, which others take one after another:
//
//	         start               ready, and so is the whole reload
//	empty ──────────▶ current ◀───────────────────────────────────── next
//	  ▲ ▲                │ dies                  a reload, an age or memory limit starts it
//	  │ │ back-off       ▼
//	  │ └──────────── backing off ──▶ failed: MaxFailures in a row; until a reload
//	  └ scale
type slot struct {
	run     *run
	number  int                  // from 1
	sockets []*activation.Socket // with ReusePort: its own
	current *worker              // serves, or will; nil: none
	next    *worker              // will take current's place
	removed bool                 // there are fewer slots now

	failures int            // in a row
	failed   string         // why the slot is given up
	timer    *handles.Timer // ends the back-off; nil: none
	due      time.Time      // when that is
	recycle  time.Time      // a successor that failed is not tried again before
	restarts int
	lastExit string
}

// fill starts a worker if the slot has none, and nothing else will.
func (s *slot) fill() {
	if s.current != nil || s.next != nil || s.timer != nil || s.failed != "" || s.removed || s.run.ending {
		return
	}
	generation := s.run.generation
	if re := s.run.reloading; re != nil { // made by scale: it is among those for which the reload waits
		generation = re.generation
	}
	w, err := s.start(generation)
	s.current = w
	if err != nil {
		s.fail(err.Error())
	}
}

// openOwn opens the sockets of which each worker has one of its own, if it has none yet.
func (s *slot) openOwn() error {
	r := s.run
	if !r.open.ReusePort || s.sockets != nil {
		return nil
	}
	for i, text := range r.texts {
		if !perWorker(text) {
			continue
		}
		if first := r.ownPort(s, i); first != "" {
			text = first
		}
		made, err := activation.Open(context.Background(), text, r.open)
		if err != nil {
			activation.Close(s.sockets)
			s.sockets = nil
			return fmt.Errorf("listen on %s: %w", text, err)
		}
		made[0].Text = r.texts[i]
		s.sockets = append(s.sockets, made...)
	}
	return nil
}

// ownPort returns the address of the sockets that other slots have of an address, for a port that the system has chosen.
func (r *run) ownPort(but *slot, i int) string {
	text := r.texts[i]
	for _, s := range r.slots {
		for _, sock := range s.sockets {
			if s != but && sock.Text == text {
				name, rest, named := strings.Cut(text, "=")
				scheme, _, _ := strings.Cut(rest, "://")
				if !named {
					scheme, _, _ = strings.Cut(text, "://")
					return scheme + "://" + sock.Addr.String()
				}
				return name + "=" + scheme + "://" + sock.Addr.String()
			}
		}
	}
	return ""
}

// perWorker tells whether an address can have several sockets.
func perWorker(text string) bool {
	if name, rest, named := strings.Cut(text, "="); named && !strings.ContainsAny(name, ":/") {
		text = rest
	}
	return strings.HasPrefix(text, "tcp") || strings.HasPrefix(text, "udp")
}

// fail notes that the slot's worker has died early, or could not be started, and starts another one later, or never.
func (s *slot) fail(why string) {
	r := s.run
	s.failures++
	if s.failures >= r.maxFailures {
		s.failed = why
		r.log.Error("workers: gives up", "worker", s.number, "failures", s.failures, "why", why)
		activation.Close(s.sockets) // what waits there would wait for ever
		s.sockets = nil
		r.checkFailed()
		return
	}
	s.later(r.backoff(s.failures))
}

// backoff is how long to wait after failures in a row: 100 ms, 200 ms … with a tenth of chance, so that workers that fail
// together do not start together.
func (r *run) backoff(failures int) time.Duration {
	d := r.maxBackoff
	if n := failures - 1; n < 20 {
		d = min(d, 100*time.Millisecond<<n)
	}
	return d - time.Duration(rand.Int64N(int64(d)/10+1))
}

// later starts a worker after d.
func (s *slot) later(d time.Duration) {
	s.stopTimer()
	if s.run.ending || s.removed {
		return
	}
	s.due = time.Now().Add(d)
	s.timer = s.run.after(d, func() {
		s.timer = nil
		s.restarts++
		s.fill()
	})
}

// stopTimer ends a back-off.
func (s *slot) stopTimer() {
	closeTimer(s.timer)
	s.timer = nil
}

// close drains the slot's workers, for good.
func (s *slot) close(why string) {
	s.removed = true
	s.stopTimer()
	for _, w := range []*worker{s.current, s.next} {
		if w != nil {
			w.drain(why)
		}
	}
	s.current, s.next = nil, nil // their ends mean nothing: no slot has lost them, and no reload has failed
	s.closeSockets()
}

// closeSockets closes the slot's own sockets, once no worker of a removed slot has them any more.
func (s *slot) closeSockets() {
	if !s.removed {
		return
	}
	for _, w := range s.run.living {
		if w.slot == s {
			return
		}
	}
	activation.Close(s.sockets)
	s.sockets = nil
}

// promote makes the successor the slot's worker, and drains the one before.
func (s *slot) promote(why string) {
	old := s.current
	s.current, s.next = s.next, nil
	s.failures, s.failed = 0, ""
	s.stopTimer()
	if old != nil {
		old.drain(why)
	}
}
