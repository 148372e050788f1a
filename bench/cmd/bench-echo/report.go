package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// report prints all tables and returns how many targets were missed.
func report(w io.Writer, cfg *config, res *results) (missed int) {
	t := newTable(res.Echo)
	for _, sc := range cfg.scenarios {
		if !sc.idle() {
			echoTable(w, cfg, t, sc)
		}
	}
	if len(res.Idle) > 0 {
		idleTable(w, cfg, res)
	}
	missed = targetTable(w, cfg, t, res)
	warn(w, res)
	return missed
}

// echoTable prints one scenario, a line for each server.
func echoTable(w io.Writer, cfg *config, t table, sc scenario) {
	fmt.Fprintf(w, "\n%s: medians of %d rounds of %v\n\n", sc.Title, cfg.rounds, cfg.duration)
	tw := harness.Tabs(w)
	fmt.Fprintln(tw, strings.Join([]string{
		"server", "req/s", cfg.subject + "/it", "by medians", "p50 µs", "p99 µs", "p99.9 µs", "p99/libuv",
		"CPU µs/req", "server", "loader", "others", "stalled", "ev/cross", "cross/turn", "",
	}, "\t"))
	for _, s := range cfg.servers {
		m := func(f func(measurement) float64) float64 { return t.median(sc.Name, s.Name, f) }
		perRound, ofMedians := math.NaN(), math.NaN()
		if s.Name != cfg.subject {
			perRound, ofMedians = t.ratio(sc.Name, cfg.subject, s.Name, rps)
		}
		p99ratio, _ := t.ratio(sc.Name, s.Name, "libuv", p99)
		fmt.Fprintln(tw, strings.Join([]string{
			s.Name, harness.Thousands(m(rps)), harness.Fixed(perRound, 2), harness.Fixed(ofMedians, 2),
			harness.Fixed(m(p50), 0), harness.Fixed(m(p99), 0), harness.Fixed(m(p999), 0), harness.Fixed(p99ratio, 2),
			harness.Fixed(m(cpuPerReq), 2), harness.Percent(m(serverShare)), harness.Percent(m(loaderShare)), harness.Percent(m(others)),
			harness.Fixed(m(stalled), 0), harness.Fixed(m(eventsPerCrossing), 1), harness.Fixed(m(crossingsPerTurn), 2), "",
		}, "\t"))
	}
	tw.Flush()
}

// idleTable prints the memory of an idle connection.
func idleTable(w io.Writer, cfg *config, res *results) {
	fmt.Fprintf(w, "\nbytes of process memory for each of %s idle connections: medians of %d rounds\n\n",
		harness.Thousands(float64(cfg.idle)), min(cfg.rounds, cfg.idleRounds))
	tw := harness.Tabs(w)
	fmt.Fprintln(tw, "server\tRSS\tPSS\tprocess before\tafter\t")
	for _, s := range cfg.servers {
		m := func(f func(idleResult) float64) float64 { return idleMedian(res, s.Name, f) }
		before := func(r idleResult) float64 { return float64(r.RSSBefore) / (1 << 20) }
		after := func(r idleResult) float64 { return float64(r.RSSAfter) / (1 << 20) }
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s MiB\t%s MiB\t\n", s.Name, harness.Fixed(m(idleResult.rss), 0),
			harness.Fixed(m(idleResult.pss), 0), harness.Fixed(m(before), 1), harness.Fixed(m(after), 1))
	}
	tw.Flush()
}

// idleMedian is the median of one figure of one server.
func idleMedian(res *results, server string, figure func(idleResult) float64) float64 {
	var v []float64
	for _, r := range res.Idle {
		if r.Server == server {
			v = append(v, figure(r))
		}
	}
	return harness.Median(v)
}
