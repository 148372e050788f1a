package main

import (
	"time"
)

// lateAfter is how long after its time a request starts to count as late. Below that, the
// system's scheduling decides.
const lateAfter = time.Millisecond

// A pace is a runner's part of --rate, an open loop: requests start at their times, however
// slow the answers are, and their latency counts from these times. A connection has one
// message under way at most, or as many as --pipeline says. So a request whose time has come while all connections wait
// starts when one is free, and that wait is part of its latency. Without it, a server that
// stands still would seem fast: few requests would start meanwhile ("coordinated omission").
//
// Requests whose time has come are only a number, so a server that falls behind for good costs
// no memory.
type pace struct {
	interval time.Duration // between two starts; 0: no --rate
	first    time.Duration // when the first starts, by the load's clock
	alarm    alarm
	free     []*client // connections that take a message; one that takes several is there as often
	started  uint64
}

// A schedule is what a result tells of a pace.
type schedule struct {
	late       uint64        // requests that started more than lateAfter behind their time
	latest     time.Duration // how long behind it the latest
	notStarted uint64        // requests whose time came before the end and that no connection was free for
}

func (s *schedule) merge(o *schedule) {
	s.late += o.late
	s.latest = max(s.latest, o.latest)
	s.notStarted += o.notStarted
}

// due returns when the request after n others is to start.
func (p *pace) due(n uint64) time.Duration { return p.first + time.Duration(n)*p.interval }

// startPace begins the open loop.
func (r *runner) startPace() {
	p := &r.pace
	share := float64(len(r.clients)) / float64(r.load.conns)
	p.interval = max(time.Duration(float64(time.Second)/(r.load.rate*share)), 1)
	p.first = r.from + p.interval*time.Duration(r.number)/time.Duration(len(r.load.runners)) // runners take turns
	for _, c := range r.clients {
		for range r.load.pipeline {
			if !c.failed {
				p.free = append(p.free, c)
			}
		}
	}
	if err := p.alarm.open(r.loop, r.keepPace); err != nil {
		r.outcome.first = err
		r.outcome.errors[kind(err)]++
		r.end()
		return
	}
	r.keepPace()
}

// keepPace starts the requests whose time has come, as far as connections are free, and sets the
// alarm for the next. It runs at the alarm, and when a connection becomes free.
func (r *runner) keepPace() {
	p, s := &r.pace, &r.outcome.schedule
	for r.running && len(p.free) > 0 {
		now := r.load.now()
		due := p.due(p.started)
		if due > now {
			p.alarm.set(due - now)
			return
		}
		c := p.free[len(p.free)-1]
		p.free = p.free[:len(p.free)-1]
		if c.failed {
			continue
		}
		p.started++
		late := now - due
		if s.latest = max(s.latest, late); late > lateAfter {
			s.late++
		}
		c.send(due)
	}
}

// endPace counts what has not started.
func (r *runner) endPace(now time.Duration) {
	p := &r.pace
	if p.interval == 0 {
		return
	}
	p.alarm.close()
	if now > p.due(p.started) {
		r.outcome.schedule.notStarted = uint64((now-p.due(p.started))/p.interval) + 1
	}
}
