package workers

import (
	"errors"
	"fmt"
)

// A reloading is a reload under way: each slot has a worker of the generation that starts, beside the one that serves.
type reloading struct {
	generation int
	done       []func(error)
}

// reload starts a new generation. done is called with its result.
func (r *run) reload(done func(error)) {
	switch {
	case r.ending:
		done(errEnding)
		return
	case r.probing:
		done(errors.New("workers: an upgrade is under way"))
		return
	case r.reloading != nil:
		r.waiting = append(r.waiting, done) // what it is for may have changed since the one under way began
		return
	}
	r.reloading = &reloading{generation: r.generation + 1, done: []func(error){done}}
	r.log.Info("workers: reloads", "generation", r.generation+1, "workers", len(r.slots))
	r.tellSystemd("RELOADING=1\n" + monotonicUsec())
	for _, s := range r.slots {
		if r.reloading == nil {
			return // one could not be started
		}
		s.stopTimer()
		if s.next != nil { // a successor that was being started
			s.next.drain("a reload takes its place")
			s.next = nil
		}
		w, err := s.start(r.reloading.generation)
		if err != nil {
			r.failReload(fmt.Errorf("worker %d: %w", s.number, err))
			return
		}
		s.next = w
	}
}

// checkReload ends the reload when all of its workers are ready: they take the places of the old ones.
func (r *run) checkReload() {
	if r.reloading == nil {
		return
	}
	for _, s := range r.slots {
		if s.next == nil && s.current != nil && s.current.generation == r.reloading.generation {
			continue // made by scale
		}
		if s.next == nil || s.next.state != ready {
			return
		}
	}
	re := r.reloading
	r.reloading, r.generation, r.lastReload = nil, re.generation, nil
	r.log.Info("workers: reloaded", "generation", r.generation, "workers", len(r.slots))
	for _, s := range r.slots {
		if s.next != nil {
			s.promote("reloaded")
		}
	}
	r.tellSystemd("READY=1")
	r.endReload(re, nil)
}

// failReload ends the reload, if there is one: the old workers go on.
func (r *run) failReload(why error) {
	if r.reloading == nil {
		return
	}
	re := r.reloading
	r.reloading, r.lastReload = nil, why
	r.generation = re.generation // its number is used up
	r.log.Error("workers: the reload has failed, the old workers go on", "generation", re.generation, "why", why)
	for _, s := range r.slots {
		if s.next != nil {
			s.next.drain("the reload has failed")
			s.next = nil
		}
	}
	if !r.ending {
		r.tellSystemd("READY=1")
		for _, s := range r.slots {
			s.fill() // whose worker died meanwhile
		}
		r.checkFailed()
	}
	r.endReload(re, fmt.Errorf("workers: the reload has failed, the old workers go on: %w", why))
}

// endReload tells those who wait, and begins the next reload if one was asked for.
func (r *run) endReload(re *reloading, err error) {
	for _, done := range re.done {
		done(err)
	}
	waiting := r.waiting
	r.waiting = nil
	if len(waiting) == 0 {
		return
	}
	r.reload(func(err error) {
		for _, done := range waiting {
			done(err)
		}
	})
}

// replaceOne starts a successor of the slot's worker.
func (s *slot) replaceOne(why string, args ...any) {
	r := s.run
	r.log.Info("workers: replaces worker", append([]any{"worker", s.number, "pid", s.current.pid, "why", why}, args...)...)
	w, err := s.start(r.generation)
	if err != nil {
		s.successorDied(err.Error())
		return
	}
	s.next = w
}
