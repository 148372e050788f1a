package main

import (
	"fmt"
	"time"
)

// A progress shows on a terminal how far a load is, once a second.
type progress struct {
	load    *load
	console *console
	ticker  *time.Ticker // nil where nobody looks
	began   time.Duration
}

// newProgress begins to count seconds, unless the output is no terminal or JSON.
func newProgress(l *load) *progress {
	p := &progress{load: l, console: newConsole(), began: l.now()}
	if p.console.terminal && !l.json {
		p.ticker = time.NewTicker(time.Second)
	}
	return p
}

// tick is the channel that says when to show; nil for never.
func (p *progress) tick() <-chan time.Time {
	if p.ticker == nil {
		return nil
	}
	return p.ticker.C
}

// show replaces the status line. The connections are open before the load begins.
func (p *progress) show() {
	if up := p.load.ready.Load(); up < int64(p.load.conns) {
		p.console.status(fmt.Sprintf("connecting  %s of %s", count(uint64(up)), count(uint64(p.load.conns))))
		return
	}
	took := p.load.now() - p.began
	p.console.status(fmt.Sprintf("%v of %v", took.Round(time.Second), p.load.duration))
}

// loading starts the clock of the load itself.
func (p *progress) loading() { p.began = p.load.now() }

// end takes the status line off the screen.
func (p *progress) end() {
	if p.ticker != nil {
		p.ticker.Stop()
		p.console.clear()
	}
}
