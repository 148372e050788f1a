package main

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		target target
		ratio  float64
		want   string
	}{
		{target{bound: 0.52}, 0.52, pass}, {target{bound: 0.52, stretch: 0.47}, 0.53, miss},
		{target{bound: 2, least: true}, 2, pass}, {target{bound: 2, least: true}, 1.99, miss},
		{target{}, 2, printed}, {target{}, math.NaN(), absent}, {target{bound: 0.52}, math.NaN(), absent}, {target{bound: 2, least: true}, math.NaN(), absent},
	} {
		if got := tt.target.verdict(tt.ratio); got != tt.want {
			t.Errorf("%v, ratio %v: %s", tt.target, tt.ratio, got)
		}
	}
}

// TestTargetsAreMeasured: both servers of a target are in its scenario.
func TestTargetsAreMeasured(t *testing.T) {
	for _, target := range targets {
		i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == target.scenario })
		if i < 0 || !slices.Contains(scenarios[i].servers, subject) || !slices.Contains(scenarios[i].servers, target.over) {
			t.Errorf("%+v: scenario %d", target, i)
		}
		if figures[target.figure] == nil {
			t.Errorf("%+v: no such figure", target)
		}
	}
	for _, s := range scenarios {
		for _, name := range s.servers {
			if _, err := chosen(name); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		}
	}
}

func TestChosen(t *testing.T) {
	list, err := chosen("uvhttp,net/http")
	if err != nil || len(list) != 2 || list[0].name != "uvhttp" || list[1].name != "net/http" {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := chosen("nginx"); err == nil {
		t.Errorf("%v", list)
	}
}

// rounds makes measurements of text-100: the figures of net/http, a round each, and those of uvhttp, which
// are so many times as large. A figure of 0 stands for a measurement that failed.
func rounds(times float64, net ...float64) *results {
	r := &results{config: config{rounds: len(net), duration: time.Second}, list: scenarios[:1]}
	for i, v := range net {
		if v == 0 {
			continue
		}
		r.all = append(r.all,
			measurement{Scenario: "text-100", Server: "net/http", Round: i, CPU: v, Rate: v, P99: v},
			measurement{Scenario: "text-100", Server: "uvhttp", Round: i, CPU: times * v, Rate: times * v, P99: times * v})
	}
	return r
}

// TestRatiosPairRounds: a round in which the machine was twice as fast does not change the
// ratio, and neither does one without figures.
func TestRatiosPairRounds(t *testing.T) {
	v := rounds(0.5, 100, 200, 0, 50).ratios("text-100", "uvhttp", "net/http", "CPU")
	if !slices.Equal(v, []float64{0.5, 0.5, 0.5}) {
		t.Errorf("%v", v)
	}
}

// TestRatiosLeaveOutHalfRounds: where only one of two servers was measured, others' rounds are not compared with it.
func TestRatiosLeaveOutHalfRounds(t *testing.T) {
	r := rounds(0.5, 100, 200)
	r.all = r.all[1:] // net/http's first round
	if v := r.ratios("text-100", "uvhttp", "net/http", "CPU"); !slices.Equal(v, []float64{0.5}) {
		t.Errorf("%v", v)
	}
}

func TestReport(t *testing.T) {
	r := rounds(0.5, 100, 300, 200, 0)
	r.failed = []error{errors.New("it rained")}
	var out strings.Builder
	missed := r.report(&out)
	lines := make(map[string]string) // by their first fields
	for line := range strings.Lines(out.String()) {
		lines[strings.Join(strings.Fields(line), " ")] = line
	}
	for _, want := range []string{
		"text-100 net/http 200 - 200 200.00 1.00 0.0 0 0 % 0 % 0 %",
		"text-100 uvhttp 100 - 100 100.00 0.50 0.0 0 0 % 0 % 0 %",
		"text-100 fasthttp absent",
		"CPU per request text-100 net/http 0.50 0.50 0.50 ≤ 0.52 (0.47) pass",
		"CPU per request text-100 fasthttp - - - ≤ 0.88 absent",
		"requests/s text-100 net/http 0.50 0.50 0.50 ≥ 2.00 MISS",
		"failed: it rained",
	} {
		if lines[want] == "" {
			t.Errorf("no line %q in\n%s", want, &out)
		}
	}
	if missed != 1 || strings.Contains(out.String(), "json-100") {
		t.Errorf("%d missed:\n%s", missed, &out)
	}
}

func TestParseLoad(t *testing.T) {
	m, err := parseLoad(`{"ops":1000,"seconds":2,"p50_us":5,"p99_us":7,"server_cpu_s":1,"client_cpu_s":0.5,"allocs":13,"alloc_bytes":99,"stalled":3}`)
	if want := (measurement{Rate: 500, P50: 5, P99: 7, CPU: 1000, Used: 0.5, Loader: 0.25, Allocs: 13, Bytes: 99, Stalled: 3}); m != want || err != nil {
		t.Errorf("%+v, %v; want %+v", m, err, want)
	}
	for _, line := range []string{"", "{}", `{"ops":1000,"seconds":2}`} {
		if m, err := parseLoad(line); err == nil {
			t.Errorf("%s: %+v", line, m)
		}
	}
}
