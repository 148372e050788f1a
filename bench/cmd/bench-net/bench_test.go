package main

import (
	"strings"
	"testing"
)

const wrkOutput = `Running 1s test @ http://127.0.0.1:8080/
  1 threads and 100 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.11ms    1.42ms  16.21ms   88.14%
    Req/Sec   117.19k     5.61k  127.53k    60.00%
  Latency Distribution
     50%  610.00us
     75%    1.35ms
     90%    2.79ms
     99%    6.90ms
  116571 requests in 1.00s, 14.34MB read
Requests/sec: 116457.22
Transfer/sec:     14.33MB
`

func TestParseWrk(t *testing.T) {
	m, n, err := parseWrk(wrkOutput)
	if want := (measurement{Rate: 116457.22, P99: 6900}); m != want || n != 116571 || err != nil {
		t.Errorf("%+v, %v, %v; want %+v", m, n, err, want)
	}
	for _, line := range []string{
		"  Socket errors: connect 0, read 3, write 0, timeout 0\n", "  Non-2xx or 3xx responses: 5\n",
	} {
		if _, _, err := parseWrk(wrkOutput + line); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(line)) {
			t.Errorf("%q: %v", line, err)
		}
	}
	if _, _, err := parseWrk("unable to connect"); err == nil {
		t.Error("no error for other output")
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		idle  bool
		ratio float64
		want  string
	}{{false, 1.1, "pass"}, {false, 0.9, "MISS"}, {true, 0.9, "pass"}, {true, 1.1, "MISS"}} {
		if _, got := (scenario{idle: tt.idle, target: 1}).verdict(tt.ratio); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// TestRatioPairsRounds: a round in which the machine was twice as fast does not change
// the ratio.
func TestRatioPairsRounds(t *testing.T) {
	var all []measurement
	for round, speed := range []float64{100, 200, 50} {
		all = append(all, measurement{Scenario: "s", Stack: "net", Round: round, Rate: speed},
			measurement{Scenario: "s", Stack: "uvnet", Round: round, Rate: 1.2 * speed})
	}
	if got := ratio(all, "s"); got < 1.19 || got > 1.21 {
		t.Errorf("ratio %v, want 1.2", got)
	}
}
