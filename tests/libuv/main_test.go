// Package libuv tests the behaviours of libuv's own tests, by their names.
package libuv

import (
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func TestMain(m *testing.M) { looptest.Main(m) }

var suite = kit.Suite{}

// TestLibuv runs a subtest for each behaviour of testdata/libuv.tsv, and fails
// for a row without one.
func TestLibuv(t *testing.T) {
	const file = "testdata/libuv.tsv"
	uvtest.Conformance(t, file, uvtest.Areas(t, file), suite, nil)
}
