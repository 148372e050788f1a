package metrics_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/uvhttp"
)

// TestFamiliesAreWhatGatherReturns, where something of each type is registered.
func TestFamiliesAreWhatGatherReturns(t *testing.T) {
	var r metrics.Registry
	srv := &uvhttp.Server{}
	uvtest.Must(r.HTTP("http", srv))
	uvtest.Must(r.Server("echo", serveEcho(t, 1)))
	uvtest.Must(r.Net("net", nil))
	got := r.Gather()
	for i := range got {
		got[i].Samples = nil
	}
	if diff := cmp.Diff(metrics.Families(), got); diff != "" {
		t.Errorf("-Families +Gather:\n%s", diff)
	}
}
