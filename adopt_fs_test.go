package uvgo_test

import (
	"testing"

	"github.com/uvgo/uvgo/cuv/hosttest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// TestAdoptedLoopWaitsForFiles: an operation that is started while the host does
// not run, or in a callback, keeps the host running until it is done.
func TestAdoptedLoopWaitsForFiles(t *testing.T) {
	h, l := adopted(t)
	if h.Run(hosttest.Default) {
		t.Error("the host is alive before")
	}
	asked := uvtest.NewCounter(t, "stat", 3)
	var ask func(st uv.Stat, err error)
	ask = func(st uv.Stat, err error) {
		uvtest.Check(t, err)
		if asked.Inc(); asked.N() < 3 {
			_, err := requests.FSStat(l, "/", ask)
			uvtest.Check(t, err)
		}
	}
	_, err := requests.FSStat(l, "/", ask)
	uvtest.Check(t, err)
	if h.Run(hosttest.Default) {
		t.Error("the host is alive afterwards")
	}
}
