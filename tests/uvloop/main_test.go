// Package uvloop tests the behaviours of uvloop's own tests, put in Go's terms.
package uvloop

import (
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func TestMain(m *testing.M) { looptest.Main(m) }

var suite = kit.Suite{}

// TestUvloop runs a subtest for each behaviour of testdata/uvloop.tsv, and fails
// for a row without one.
func TestUvloop(t *testing.T) {
	const file = "testdata/uvloop.tsv"
	uvtest.Conformance(t, file, uvtest.Areas(t, file), suite, nil)
}
