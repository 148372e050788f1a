package main

import (
	"math"
	"strings"
	"testing"
)

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		target     target
		ratio, own float64
		want       string
	}{
		{target{bound: 1.25, ratio: true}, 1.3, 1, "pass"}, {target{bound: 1.25, ratio: true}, 1.2, 9, "MISS"},
		{target{bound: 0.6, most: true, ratio: true}, 0.5, 9, "pass"}, {target{bound: 0.6, most: true, ratio: true}, 0.7, 0, "MISS"},
		{target{bound: 560, most: true}, 9, 559, "pass"}, {target{bound: 560, most: true}, 0, 561, "MISS"},
		{target{bound: 560, most: true}, 0, math.NaN(), "MISS"},
	} {
		if got := tt.target.verdict(tt.ratio, tt.own); got != tt.want {
			t.Errorf("%v, ratio %v, own %v: %s", tt.target, tt.ratio, tt.own, got)
		}
	}
}

// TestRatioPairsRounds: a round in which the machine was twice as fast does not change
// the ratio.
func TestRatioPairsRounds(t *testing.T) {
	s := scenario{name: "s", servers: both("echo")}
	var all []measurement
	for round, speed := range []float64{100, 200, 50} {
		all = append(all, measurement{Scenario: "s", Server: "net", Round: round, Figure: speed},
			measurement{Scenario: "s", Server: "uvgo", Round: round, Figure: 1.2 * speed})
	}
	if got := ratio(all, s, own); got < 1.19 || got > 1.21 {
		t.Errorf("ratio %v, want 1.2", got)
	}
}

func TestParseLoad(t *testing.T) {
	m, err := parseLoad(`{"ops":1000,"seconds":2,"p99_us":7,"server_cpu_s":1,"client_cpu_s":0.5,"corrupt":0,"closed":0,"stalled":3}`)
	if want := (measurement{Figure: 500, P99: 7, CPU: 1000, Used: 0.5, Loader: 0.25, Stalled: 3}); m != want || err != nil {
		t.Errorf("%+v, %v; want %+v", m, err, want)
	}
	for _, line := range []string{"", "{}", `{"ops":1000,"seconds":2,"corrupt":1}`, `{"ops":1000,"seconds":2,"closed":1}`} {
		if m, err := parseLoad(line); err == nil {
			t.Errorf("%s: %+v", line, m)
		}
	}
}

func TestParseBenchmark(t *testing.T) {
	out := `goos: linux
BenchmarkBlock/thread-2      	  200000	      1710 ns/op	       0 B/op
BenchmarkBlock/goroutine-2   	  100000	      2805.5 ns/op
PASS
`
	if ns, err := parseBenchmark(out, "BenchmarkBlock"); ns != 2805.5 || err != nil {
		t.Errorf("%v, %v", ns, err)
	}
	if ns, err := parseBenchmark("PASS\n", "BenchmarkBlock"); err == nil || !strings.Contains(err.Error(), "BenchmarkBlock") {
		t.Errorf("%v, %v", ns, err)
	}
}
