package main

import (
	"fmt"
	"io"
	"math"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// figures returns one figure of a scenario by round.
func figures(all []measurement, scenario, server string, figure func(measurement) float64) (v []float64) {
	for _, m := range all {
		if m.Scenario == scenario && m.Server == server {
			v = append(v, figure(m))
		}
	}
	return v
}

// othersMost is the share of the CPUs that other programs may use.
const othersMost = 0.05

// figuresOf returns one figure of all measurements that have it.
func figuresOf(all []measurement, figure func(measurement) float64) (v []float64) {
	for _, m := range all {
		if f := figure(m); !math.IsNaN(f) {
			v = append(v, f)
		}
	}
	return v
}

// ratio compares the rounds' figures of the second server with those of the first. NaN where
// there is one.
func ratio(all []measurement, s scenario, figure func(measurement) float64) float64 {
	if len(s.servers) < 2 {
		return math.NaN()
	}
	return harness.Ratio(figures(all, s.name, s.servers[1].name, figure), figures(all, s.name, s.servers[0].name, figure))
}

func own(m measurement) float64    { return m.Figure }
func p99(m measurement) float64    { return harness.Known(m.P99) }
func cpu(m measurement) float64    { return harness.Known(m.CPU) }
func used(m measurement) float64   { return harness.Known(m.Used) }
func loader(m measurement) float64 { return harness.Known(m.Loader) }
func others(m measurement) float64 { return harness.Known(m.Others) }

// report prints the table and returns how many targets were missed.
func report(w io.Writer, list []scenario, all []measurement, cfg config) (missed int) {
	fmt.Fprintf(w, "medians of %d rounds, memory of %d; a ratio is the median of the rounds' ratios\n\n", cfg.rounds, min(cfg.rounds, cfg.idleRounds))
	tw := harness.Tabs(w)
	fmt.Fprintln(tw, "scenario\tunit\tfirst\t\tsecond\t\tratio\ttarget\t\tCPU µs first\tsecond\tratio\tp99 µs first\tsecond\tserver\tloader\tothers\t")
	for _, s := range list {
		first, second := "", "uvgo"
		if s.servers != nil {
			first, second = s.servers[0].name, s.servers[1].name
		}
		median := func(server string, figure func(measurement) float64) float64 {
			return harness.Median(figures(all, s.name, server, figure))
		}
		number := harness.Thousands
		if s.servers == nil {
			number = func(v float64) string { return harness.Fixed(v, 1) }
		}
		r := ratio(all, s, own)
		verdict := s.target.verdict(r, median(second, own))
		if verdict == "MISS" {
			missed++
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%v\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", s.name, s.unit,
			first, number(median(first, own)), second, number(median(second, own)), harness.Fixed(r, 2), s.target, verdict,
			harness.Fixed(median(first, cpu), 2), harness.Fixed(median(second, cpu), 2), harness.Fixed(ratio(all, s, cpu), 2),
			harness.Fixed(median(first, p99), 0), harness.Fixed(median(second, p99), 0),
			harness.Percent(median(second, used)), harness.Percent(median(second, loader)), harness.Percent(median(second, others)))
	}
	tw.Flush()
	fmt.Fprintln(w, "\nCPU: the server's for each operation. server, loader: share of its CPU that the second server, and the load on it, used. "+
		"others: share of both CPUs that other programs used meanwhile.")
	for _, m := range all {
		if m.Stalled > 0 {
			fmt.Fprintf(w, "%s, %s, round %d: %d connections got no reply\n", m.Scenario, m.Server, m.Round+1, m.Stalled)
		}
	}
	if o := harness.Median(figuresOf(all, others)); o > othersMost {
		fmt.Fprintf(w, "doubtful: other programs used %s of the CPUs; the CPU time of an operation suffers least from that\n", harness.Percent(o))
	}
	for _, m := range all {
		if m.Idle > 0 {
			fmt.Fprintf(w, "memory: of %s connections\n", harness.Thousands(float64(m.Idle)))
			break
		}
	}
	return missed
}
