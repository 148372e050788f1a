package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// results are what a run has measured.
type results struct {
	config
	about  []string
	list   []scenario
	all    []measurement
	failed []error
}

// figures are what targets compare.
var figures = map[string]func(measurement) float64{
	"CPU":    func(m measurement) float64 { return harness.Known(m.CPU) },
	"rate":   func(m measurement) float64 { return harness.Known(m.Rate) },
	"p99":    func(m measurement) float64 { return harness.Known(m.P99) },
	"allocs": func(m measurement) float64 { return harness.Known(m.Allocs) },
	"memory": func(m measurement) float64 { return harness.Known(m.Memory) },
}

// othersMost is the share of the CPUs that other programs may use.
const othersMost = 0.05

// values returns one figure of a server in a scenario, for each round; NaN for a round that failed.
func (r *results) values(scenario, server string, figure func(measurement) float64) []float64 {
	v := make([]float64, r.rounds)
	for i := range v {
		v[i] = math.NaN()
	}
	for _, m := range r.all {
		if m.Scenario == scenario && m.Server == server {
			v[m.Round] = figure(m)
		}
	}
	return v
}

// known returns the values that are known.
func known(v []float64) []float64 { return slices.DeleteFunc(slices.Clone(v), math.IsNaN) }

// ratios returns one server's figure over another's, for each round that has both.
func (r *results) ratios(scenario, server, over, figure string) (v []float64) {
	a, b := r.values(scenario, server, figures[figure]), r.values(scenario, over, figures[figure])
	for i := range a {
		v = append(v, a[i]/b[i])
	}
	return known(v)
}

// report prints the tables and returns how many targets were missed.
func (r *results) report(w io.Writer) (missed int) {
	fmt.Fprintln(w, strings.Join(r.about, "\n"))
	fmt.Fprintf(w, "medians of %d rounds of %v, memory of %d with %s connections\n\n", r.rounds, r.duration,
		min(r.rounds, r.idleRounds), harness.Thousands(float64(r.idle)))
	r.measured(w)
	fmt.Fprintln(w, "\nCPU, allocs, bytes: the server's for each request. over net: CPU, of idle connections memory, over net/http's. "+
		"server, loader: share of its CPU that the server,\nand the load on it, used. others: share of both CPUs that other programs used meanwhile. "+
		"half: p50 and p99 are those of the quick requests.")
	if o := harness.Median(r.everyOther()); o > othersMost {
		fmt.Fprintf(w, "doubtful: other programs used %s of the CPUs; the CPU time of a request suffers least from that\n", harness.Percent(o))
	}
	for _, m := range r.all {
		if m.Stalled > 0 {
			fmt.Fprintf(w, "%s, %s, round %d: %d connections got no answer\n", m.Scenario, m.Server, m.Round+1, m.Stalled)
		}
	}
	fmt.Fprintf(w, "\n%s, ordinary handler; a ratio is the median of the rounds' ratios, beside it the lowest and the highest\n\n", subject)
	missed = r.judged(w)
	for _, err := range r.failed {
		fmt.Fprintln(w, "failed:", err)
	}
	return missed
}

func (r *results) everyOther() (v []float64) {
	for _, m := range r.all {
		if m.Memory == 0 {
			v = append(v, m.Others)
		}
	}
	return v
}

// measured prints the medians.
func (r *results) measured(w io.Writer) {
	tw := harness.Tabs(w)
	fmt.Fprintln(tw, "scenario\tserver\trequests/s\tp50 µs\tp99 µs\tCPU µs\tover net\tallocs\tbytes\tserver\tloader\tothers\tmemory\t")
	for _, s := range r.list {
		for _, srv := range s.servers {
			median := func(figure func(measurement) float64) float64 {
				return harness.Median(known(r.values(s.name, srv, func(m measurement) float64 { return figure(m) })))
			}
			of := func(figure func(measurement) float64) float64 { return harness.Known(median(figure)) }
			key := "CPU"
			if s.idle() {
				key = "memory"
			}
			if math.IsNaN(median(figures[key])) {
				fmt.Fprintf(tw, "%s\t%s\t%s\t\t\t\t\t\t\t\t\t\t\t\n", s.name, srv, absent)
				continue
			}
			over := harness.Median(r.ratios(s.name, srv, "net/http", key))
			if s.idle() {
				fmt.Fprintf(tw, "%s\t%s\t\t\t\t\t%s\t\t\t\t\t\t%s\t\n", s.name, srv, harness.Fixed(over, 2), harness.Thousands(median(figures["memory"])))
				continue
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\t\n", s.name, srv,
				harness.Thousands(median(figures["rate"])), harness.Thousands(of(func(m measurement) float64 { return m.P50 })),
				harness.Thousands(median(figures["p99"])), harness.Fixed(median(figures["CPU"]), 2), harness.Fixed(over, 2),
				harness.Fixed(median(func(m measurement) float64 { return m.Allocs }), 1),
				harness.Thousands(median(func(m measurement) float64 { return m.Bytes })),
				harness.Percent(median(func(m measurement) float64 { return m.Used })),
				harness.Percent(median(func(m measurement) float64 { return m.Loader })),
				harness.Percent(median(func(m measurement) float64 { return m.Others })))
		}
	}
	tw.Flush()
}

// judged prints the targets of the scenarios that were measured, and returns how many were missed.
func (r *results) judged(w io.Writer) (missed int) {
	tw := harness.Tabs(w)
	fmt.Fprintln(tw, "figure\tscenario\tover\tratio\tlowest\thighest\ttarget\t\t")
	for _, t := range targets {
		if !slices.ContainsFunc(r.list, func(s scenario) bool { return s.name == t.scenario }) {
			continue
		}
		v := r.ratios(t.scenario, subject, t.over, t.figure)
		ratio, lowest, highest := harness.Median(v), math.NaN(), math.NaN()
		if len(v) > 0 {
			lowest, highest = slices.Min(v), slices.Max(v)
		}
		verdict := t.verdict(ratio)
		if verdict == miss {
			missed++
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%v\t%s\t\n", t.what, t.scenario, t.over,
			harness.Fixed(ratio, 2), harness.Fixed(lowest, 2), harness.Fixed(highest, 2), t, verdict)
	}
	tw.Flush()
	return missed
}
