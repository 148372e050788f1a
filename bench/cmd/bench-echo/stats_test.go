package main

import (
	"math"
	"slices"
	"testing"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// TestRatioPairsRounds: a round without a measurement of both servers is left out. A
// round in which the machine was twice as fast does not change the ratio.
func TestRatioPairsRounds(t *testing.T) {
	m := func(server string, round int, rps float64) measurement {
		return measurement{Scenario: "s", Server: server, Round: round, Load: harness.Load{Ops: rps, Seconds: 1}}
	}
	tb := newTable([]measurement{
		m("a", 0, 120), m("a", 1, 240), m("a", 2, 120), m("a", 3, 900),
		m("b", 0, 100), m("b", 1, 200), m("b", 2, 100),
	})
	perRound, ofMedians := tb.ratio("s", "a", "b", rps)
	if perRound != 1.2 || ofMedians != 1.8 {
		t.Errorf("ratio = %v, %v, want 1.2, 1.8", perRound, ofMedians)
	}
	if got, _ := tb.ratio("s", "a", "c", rps); !math.IsNaN(got) {
		t.Errorf("ratio to an absent server = %v, want NaN", got)
	}
}

func TestRotate(t *testing.T) {
	if got := harness.Rotate([]int{1, 2, 3}, 4); !slices.Equal(got, []int{2, 3, 1}) {
		t.Errorf("rotate by 4 = %v", got)
	}
}

func TestThousands(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567.6: "1,234,568"} {
		if got := harness.Thousands(v); got != want {
			t.Errorf("harness.Thousands(%v) = %s, want %s", v, got, want)
		}
	}
}

// TestEveryTargetHasItsScenario: a renamed scenario must not lose its targets.
func TestEveryTargetHasItsScenario(t *testing.T) {
	for _, tg := range rateTargets {
		if !slices.Contains(scenarioNames(), tg.scenario) {
			t.Errorf("target for unknown scenario %s", tg.scenario)
		}
		if _, err := selectServers(tg.peer); err != nil {
			t.Error(err)
		}
	}
}
