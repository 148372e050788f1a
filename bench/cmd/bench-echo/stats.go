package main

import (
	"math"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// key names the measurements of one server under one scenario.
type key struct{ scenario, server string }

// table holds the measurements by key, in the order of the rounds.
type table map[key][]measurement

// newTable sorts measurements into a table.
func newTable(list []measurement) table {
	t := table{}
	for _, m := range list {
		k := key{m.Scenario, m.Server}
		t[k] = append(t[k], m)
	}
	return t
}

// median is the median of one figure.
func (t table) median(scenario, server string, figure func(measurement) float64) float64 {
	var v []float64
	for _, m := range t[key{scenario, server}] {
		v = append(v, figure(m))
	}
	return harness.Median(v)
}

// ratio compares server a with server b: the median of the ratios that the
// rounds gave, which cancels what changed from round to round, and the ratio
// of the two medians. Both are NaN where either server was not measured.
func (t table) ratio(scenario, a, b string, figure func(measurement) float64) (perRound, ofMedians float64) {
	var v []float64
	for _, x := range t[key{scenario, a}] {
		for _, y := range t[key{scenario, b}] {
			if x.Round == y.Round {
				v = append(v, figure(x)/figure(y))
			}
		}
	}
	return harness.Median(v), t.median(scenario, a, figure) / t.median(scenario, b, figure)
}

// The figures of a measurement.
func rps(m measurement) float64         { return m.Load.Ops / m.Load.Seconds }
func p50(m measurement) float64         { return m.Load.P50 }
func p99(m measurement) float64         { return m.Load.P99 }
func p999(m measurement) float64        { return m.Load.P999 }
func cpuPerReq(m measurement) float64   { return 1e6 * m.Load.ServerCPU / m.Load.Ops }
func serverShare(m measurement) float64 { return m.Load.ServerCPU / m.Load.Seconds }
func loaderShare(m measurement) float64 { return m.Load.LoaderCPU / m.Load.Seconds }
func others(m measurement) float64      { return m.Others }
func stalled(m measurement) float64     { return float64(m.Load.Stalled) }

// eventsPerCrossing is NaN for servers that do not count them.
func eventsPerCrossing(m measurement) float64 {
	if m.Loop == nil {
		return math.NaN()
	}
	return float64(m.Loop.Events) / float64(m.Loop.Crossings)
}

// crossingsPerTurn is NaN for servers that do not count them.
func crossingsPerTurn(m measurement) float64 {
	if m.Loop == nil || m.Loop.Turns == 0 {
		return math.NaN()
	}
	return float64(m.Loop.Crossings) / float64(m.Loop.Turns)
}
