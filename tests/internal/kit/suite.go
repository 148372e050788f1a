package kit

import (
	"maps"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
)

// A Suite is the subtests of one table, by row name. Files add theirs in init functions.
type Suite map[string]func(*testing.T)

// Add adds subtests to the suite.
func (s Suite) Add(tests Suite) { maps.Copy(s, tests) }

// PerParking makes a test of [looptest.EachParking], for a suite.
func PerParking(body func(t *testing.T, park uvgo.Option)) func(*testing.T) {
	return func(t *testing.T) { looptest.EachParking(t, body) }
}

// PerLoop makes a test of [looptest.OnEachLoop], for a suite.
func PerLoop(body func(t *testing.T, l *uvgo.Loop)) func(*testing.T) {
	return func(t *testing.T) { looptest.OnEachLoop(t, body) }
}
