package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// results is everything that was measured; -json writes it.
type results struct {
	Go         string        `json:"go"`
	CPUs       int           `json:"cpus"`
	Rounds     int           `json:"rounds"`
	WarmupMS   int64         `json:"warmup_ms"`
	DurationMS int64         `json:"duration_ms"`
	IdleConns  int           `json:"idle_conns"`
	Echo       []measurement `json:"echo"`
	Idle       []idleResult  `json:"idle"`
}

// measureAll runs the rounds and returns how many measurements failed. A round measures
// all servers in one scenario before the next, so that compared servers run within
// seconds of each other. Each round starts with another server, so that no server has
// an advantage by its place.
func (b *bench) measureAll(ctx context.Context, res *results) (failed int) {
	for round := range b.rounds {
		for _, sc := range b.scenarios {
			if sc.idle() && round >= b.idleRounds {
				continue
			}
			var line strings.Builder
			for _, s := range harness.Rotate(b.servers, round) {
				figure, err := b.one(ctx, res, sc, s, round)
				if ctx.Err() != nil {
					return failed
				}
				if err != nil {
					failed++
					progress("%s, %s: %v", sc.Title, s.Name, err)
					continue
				}
				fmt.Fprintf(&line, "  %s %s", s.Name, figure)
			}
			progress("round %d/%d  %s:%s", round+1, b.rounds, sc.Title, line.String())
		}
	}
	return failed
}

// one measures one server under one scenario and returns its main figure.
func (b *bench) one(ctx context.Context, res *results, sc scenario, s serverSpec, round int) (string, error) {
	if sc.idle() {
		r, err := b.measureIdle(ctx, sc, s)
		if err != nil {
			return "", err
		}
		r.Server, r.Round = s.Name, round
		res.Idle = append(res.Idle, r)
		return fmt.Sprintf("%.0f B", r.rss()), nil
	}
	m, err := b.measure(ctx, sc, s)
	if err != nil {
		return "", err
	}
	m.Scenario, m.Server, m.Round = sc.Name, s.Name, round
	res.Echo = append(res.Echo, m)
	return harness.Thousands(rps(m)), nil
}
