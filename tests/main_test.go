// Package tests holds the suites that take the whole of uvgo: the behaviours of
// libuv's and uvloop's own tests by name, hostile peers, and storms.
package tests

import (
	"maps"
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { looptest.Main(m) }

// A suite is the subtests of one table, by row name. Files add theirs in init
// functions.
type suite map[string]func(*testing.T)

func (s suite) add(tests suite) { maps.Copy(s, tests) }

var (
	libuvTests  = suite{}
	uvloopTests = suite{}
)

// TestLibuv runs a subtest for each behaviour of testdata/libuv.tsv, and fails
// for a row without one.
func TestLibuv(t *testing.T) {
	const file = "testdata/libuv.tsv"
	uvtest.Conformance(t, file, uvtest.Areas(t, file), libuvTests, nil)
}

// TestUvloop does the same for testdata/uvloop.tsv.
func TestUvloop(t *testing.T) {
	const file = "testdata/uvloop.tsv"
	uvtest.Conformance(t, file, uvtest.Areas(t, file), uvloopTests, nil)
}
