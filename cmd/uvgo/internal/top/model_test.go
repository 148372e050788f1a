package top

import (
	"math"
	"testing"
	"time"

	"github.com/uvgo/uvgo/metrics"
)

// family makes a metric with one sample.
func family(name string, typ metrics.Type, v float64, kv ...string) metrics.Family {
	return metrics.Family{Name: name, Type: typ, Samples: []metrics.Sample{{Labels: labels(kv...), Value: v}}}
}

func TestRatesAreBySecond(t *testing.T) {
	sample := func(at, turns, idle, busy, accepted, requests, closed float64) Sample {
		return Sample{At: time.Unix(0, 0).Add(time.Duration(at * float64(time.Second))), Families: []metrics.Family{
			family("uvgo_loop_turns_total", metrics.Counter, turns, "loop", "web/0", "worker", "2", "pid", "77"),
			family("uvgo_loop_idle_seconds_total", metrics.Counter, idle, "loop", "web/0", "worker", "2", "pid", "77"),
			family("uvgo_loop_busy_seconds_total", metrics.Counter, busy, "loop", "web/0", "worker", "2", "pid", "77"),
			family("uvgo_loop_handles", metrics.Gauge, 5, "loop", "web/0", "worker", "2", "pid", "77", "kind", "tcp"),
			family("uvgo_server_accepted_total", metrics.Counter, accepted, "server", "web"),
			family("uvgo_http_requests_total", metrics.Counter, requests, "server", "web", "class", "2xx"),
			family("uvgo_server_closed_total", metrics.Counter, closed, "server", "web", "reason", "reset"),
			family("process_cpu_seconds_total", metrics.Counter, at/2),
			family("uvgo_net_opened_total", metrics.Counter, 10*at, "net", "uvnet", "by", "accept"),
		}}
	}
	p := compare(sample(10, 100, 5, 5, 7, 1000, 3), sample(12, 300, 6.5, 5.5, 7, 1500, 5))
	l, s, n := p.loops[0], p.servers[0], p.servers[1]
	for what, got := range map[string][2]float64{
		"turns": {l.turns, 100}, "idle": {l.idle, 0.75}, "handles": {l.handles, 5}, "accepts": {s.accepts, 0}, "requests": {s.requests, 250},
		"processors": {p.cpu, 0.5}, "closes": {s.closes[0].n, 1}, "closed": {s.closed[0].n, 5}, "accepts of uvnet": {n.accepts, 10},
	} {
		if math.Abs(got[0]-got[1]) > 1e-9 {
			t.Errorf("%s: %v, want %v", what, got[0], got[1])
		}
	}
	if l.name != "2:web/0" || !math.IsNaN(l.events) || !math.IsNaN(l.lag99) || !math.IsNaN(n.requests) {
		t.Errorf("%+v, %+v", l, n)
	}
	// A counter that has fallen has begun anew, and a loop that was not there has no rate.
	if p := compare(sample(10, 100, 0, 0, 9, 0, 0), sample(12, 3, 0, 0, 5, 0, 0)); p.loops[0].turns != 0 || p.servers[0].accepts != 0 || !math.IsNaN(p.loops[0].idle) {
		t.Errorf("%+v", p)
	}
	if p := compare(Sample{At: time.Unix(9, 0)}, sample(10, 100, 5, 5, 7, 1000, 3)); p.loops[0].turns != 0 || p.servers[0].requests != 0 {
		t.Errorf("%+v", p)
	}
}

// TestQuantilesAreThoseOfTheInterval: what came before does not count.
func TestQuantilesAreThoseOfTheInterval(t *testing.T) {
	hist := func(n ...uint64) map[string]metrics.Sample {
		return map[string]metrics.Sample{"h": {Count: n[3], Buckets: []metrics.Bucket{{UpTo: 1, Count: n[0]}, {UpTo: 2, Count: n[1]}, {UpTo: 4, Count: n[2]}}}}
	}
	for _, tt := range []struct {
		then, now []uint64
		q, want   float64
	}{
		{[]uint64{0, 0, 0, 0}, []uint64{10, 10, 10, 10}, 0.5, 0.5},
		{[]uint64{100, 100, 100, 100}, []uint64{100, 110, 110, 110}, 0.5, 1.5},
		{[]uint64{100, 100, 100, 100}, []uint64{100, 100, 110, 110}, 1, 4},
		{[]uint64{0, 0, 0, 0}, []uint64{0, 0, 0, 10}, 0.99, 4}, // above the last bound
		{[]uint64{5, 5, 5, 5}, []uint64{5, 5, 5, 5}, 0.5, math.NaN()},
		{[]uint64{50, 50, 50, 50}, []uint64{1, 1, 1, 1}, 0.5, math.NaN()}, // begun anew
	} {
		c := change{&thing{hists: hist(tt.then...)}, &thing{hists: hist(tt.now...)}, 1}
		if got := c.quantile("h", tt.q); got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
			t.Errorf("%v to %v: %v, want %v", tt.then, tt.now, got, tt.want)
		}
	}
}
