package main

import (
	"fmt"
	"io"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// figures returns one figure of a scenario by round.
func figures(all []measurement, scenario, stack string, figure func(measurement) float64) (v []float64) {
	for _, m := range all {
		if m.Scenario == scenario && m.Stack == stack {
			v = append(v, figure(m))
		}
	}
	return v
}

// ratio compares the rounds' rates of uvnet with those of net.
func ratio(all []measurement, scenario string) float64 {
	return harness.Ratio(figures(all, scenario, "uvnet", rate), figures(all, scenario, "net", rate))
}

func rate(m measurement) float64 { return m.Rate }
func p99(m measurement) float64  { return harness.Known(m.P99) }
func cpu(m measurement) float64  { return harness.Known(m.CPU) }

// verdict says whether a target was reached.
func (s scenario) verdict(r float64) (bound, verdict string) {
	if s.idle {
		bound, verdict = "≤ ", "MISS"
		if r <= s.target {
			verdict = "pass"
		}
	} else {
		bound, verdict = "≥ ", "MISS"
		if r >= s.target {
			verdict = "pass"
		}
	}
	return bound + harness.Fixed(s.target, 2), verdict
}

// report prints the table and returns how many targets were missed.
func report(w io.Writer, list []scenario, all []measurement, cfg config) (missed int) {
	fmt.Fprintf(w, "std net and uvnet: medians of %d rounds; the ratio is the median of the rounds' ratios\n\n", cfg.rounds)
	tw := harness.Tabs(w)
	fmt.Fprintln(tw, "scenario\tunit\tnet /s\tuvnet /s\tuvnet/net\ttarget\t\tp99 µs net\tuvnet\tCPU µs net\tuvnet\t")
	for _, s := range list {
		median := func(stack string, figure func(measurement) float64) float64 {
			return harness.Median(figures(all, s.name, stack, figure))
		}
		r := ratio(all, s.name)
		bound, verdict := s.verdict(r)
		if verdict == "MISS" {
			missed++
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", s.name, s.unit,
			harness.Thousands(median("net", rate)), harness.Thousands(median("uvnet", rate)),
			harness.Fixed(r, 2), bound, verdict,
			harness.Fixed(median("net", p99), 0), harness.Fixed(median("uvnet", p99), 0),
			harness.Fixed(median("net", cpu), 2), harness.Fixed(median("uvnet", cpu), 2))
	}
	tw.Flush()
	fmt.Fprintln(w, "\nP1, P2: GOMAXPROCS; everything without it has 1. CPU is the server's for each unit, "+
		"of bulk and dial both programs'. http-idle: bytes for each idle connection.")
	return missed
}
