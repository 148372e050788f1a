package main

import (
	"fmt"
	"time"
)

// A progress prints the state of a load on a terminal, once a second.
type progress struct {
	load    *load
	console *console
	ticker  *time.Ticker // nil if the output is no terminal, or JSON
	began   time.Duration
}

// newProgress starts the ticker if the output is a terminal and not JSON.
func newProgress(l *load) *progress {
	p := &progress{load: l, console: newConsole(), began: l.now()}
	if p.console.terminal && !l.json {
		p.ticker = time.NewTicker(time.Second)
	}
	return p
}

// tick returns the ticker's channel, nil without a ticker.
func (p *progress) tick() <-chan time.Time {
	if p.ticker == nil {
		return nil
	}
	return p.ticker.C
}

// print replaces the status line: with the number of connections until all are open,
// and then with the time of the load.
func (p *progress) print() {
	if up := p.load.ready.Load(); up < int64(p.load.conns) {
		p.console.status(fmt.Sprintf("connecting  %s of %s", count(uint64(up)), count(uint64(p.load.conns))))
		return
	}
	took := p.load.now() - p.began
	p.console.status(fmt.Sprintf("%v of %v", took.Round(time.Second), p.load.duration))
}

// loading notes that all connections are open and the load begins.
func (p *progress) loading() { p.began = p.load.now() }

// end removes the status line.
func (p *progress) end() {
	if p.ticker != nil {
		p.ticker.Stop()
		p.console.clear()
	}
}
