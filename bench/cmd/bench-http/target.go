package main

import (
	"fmt"
	"math"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// A target bounds the ratio of uvhttp's figure in a scenario to another server's.
type target struct {
	what     string // as in the issue that set the target
	scenario string
	figure   string  // one of figures
	over     string  // the other server
	bound    float64 // 0: none, the figure is for information
	stretch  float64 // a bound beyond; 0: none
	least    bool    // bound is a lower bound
}

// subject is the server that has targets.
const subject = "uvhttp"

// ordinary makes a target of each load of an ordinary handler with so many connections.
func ordinary(t target, conns ...string) (list []target) {
	for _, work := range []string{"text-", "json-"} {
		for _, n := range conns {
			t.scenario = work + n
			list = append(list, t)
		}
	}
	return list
}

var targets = func() (list []target) {
	add := func(more ...target) { list = append(list, more...) }
	add(ordinary(target{what: "CPU per request", figure: "CPU", over: "net/http", bound: 0.52, stretch: 0.47}, "100", "1000")...)
	add(ordinary(target{what: "CPU per request", figure: "CPU", over: "fasthttp", bound: 0.88}, "100", "1000")...)
	add(ordinary(target{what: "CPU per request", figure: "CPU", over: "nbio", bound: 0.4}, "100", "1000")...)
	add(ordinary(target{what: "CPU per request", figure: "CPU", over: "canned", bound: 1.25}, "100", "1000")...)
	add(ordinary(target{what: "requests/s", figure: "rate", over: "net/http", bound: 2, least: true}, "100")...)
	add(ordinary(target{what: "p99", figure: "p99", over: "net/http", bound: 0.45}, "1000")...)
	add(
		target{what: "pipelined depth 16: CPU", scenario: "pipeline-100", figure: "CPU", over: "fasthttp", bound: 0.9},
		target{what: "pipelined depth 16: CPU", scenario: "pipeline-1000", figure: "CPU", over: "fasthttp", bound: 0.9},
		target{what: "HTTPS: CPU", scenario: "https-100", figure: "CPU", over: "net/http", bound: 0.7},
		target{what: "HTTPS: CPU", scenario: "https-1000", figure: "CPU", over: "net/http", bound: 0.7},
		target{what: "sleep 5 ms: requests/s", scenario: "sleep-1000", figure: "rate", over: "net/http", bound: 1, least: true},
		target{what: "sleep 5 ms: p99", scenario: "sleep-1000", figure: "p99", over: "net/http", bound: 1.2},
		target{what: "half sleep: p99 of the quick", scenario: "half-100", figure: "p99", over: "net/http", bound: 1},
		target{what: "half sleep: p99 of the quick", scenario: "half-1000", figure: "p99", over: "net/http", bound: 1},
		target{what: "allocations", scenario: "text-100", figure: "allocs", over: "net/http"},
		target{what: "allocations", scenario: "json-100", figure: "allocs", over: "net/http"},
		target{what: "memory, idle connection", scenario: "idle", figure: "memory", over: "net/http", bound: 0.1},
		target{what: "memory, idle TLS connection", scenario: "idle-tls", figure: "memory", over: "net/http", bound: 0.5},
	)
	return list
}()

func (t target) String() string {
	if t.bound == 0 {
		return "none"
	}
	sign := "≤ "
	if t.least {
		sign = "≥ "
	}
	s := sign + harness.Fixed(t.bound, 2)
	if t.stretch > 0 {
		s += fmt.Sprintf(" (%s)", harness.Fixed(t.stretch, 2))
	}
	return s
}

// The verdicts.
const (
	pass    = "pass"
	miss    = "MISS"
	absent  = "absent"  // one of the servers was not built or not asked for
	printed = "printed" // there is no bound
)

// verdict says whether a ratio reaches the target.
func (t target) verdict(ratio float64) string {
	switch {
	case math.IsNaN(ratio):
		return absent
	case t.bound == 0:
		return printed
	case t.least && ratio >= t.bound, !t.least && ratio <= t.bound:
		return pass
	}
	return miss
}
