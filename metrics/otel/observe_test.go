package otel_test

import (
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/uvgo/uvgo/metrics/otel"
)

// TestObserve reads observable instruments, until the registration ends.
func TestObserve(t *testing.T) {
	r := ranLoop(t)
	reader := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test")
	registration, err := otel.Observe(meter, r)
	if err != nil {
		t.Fatal(err)
	}
	found := collect(t, reader)
	count, ok := found["uvgo.loop.callback.count"].Data.(metricdata.Sum[int64])
	if !ok || count.DataPoints[0].Value != 3 {
		t.Errorf("callbacks are %+v", found["uvgo.loop.callback.count"])
	}
	sum, ok := found["uvgo.loop.callback.sum"].Data.(metricdata.Sum[float64])
	if !ok || sum.DataPoints[0].Value <= 0 {
		t.Errorf("their time is %+v", found["uvgo.loop.callback.sum"])
	}
	turns, ok := found["uvgo.loop.turns"].Data.(metricdata.Sum[float64])
	if !ok || !turns.IsMonotonic || turns.DataPoints[0].Value < 1 {
		t.Errorf("turns are %+v", found["uvgo.loop.turns"])
	}
	handles, ok := found["uvgo.loop.handles"].Data.(metricdata.Gauge[float64])
	if !ok || len(handles.DataPoints) != 2 { // tcp and timer
		t.Errorf("handles are %+v", found["uvgo.loop.handles"])
	}
	if err := registration.Unregister(); err != nil {
		t.Fatal(err)
	}
	if found := collect(t, reader); len(found) != 0 {
		t.Errorf("%d metrics behind the end", len(found))
	}
}
