package otel_test

import (
	"context"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/metrics/otel"
)

// ranLoop registers a loop as "x" that has run three posted functions.
func ranLoop(t *testing.T) *metrics.Registry {
	t.Helper()
	l, err := uvgo.New()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := l.Post(func() {}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	r := new(metrics.Registry)
	if _, err := r.Loop("x", l); err != nil {
		t.Fatal(err)
	}
	return r
}

// collect reads once, and returns the metrics by their names.
func collect(t *testing.T, reader *sdkmetric.ManualReader) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]metricdata.Metrics)
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			if _, twice := found[m.Name]; twice {
				t.Errorf("two metrics are called %s", m.Name)
			}
			found[m.Name] = m
		}
	}
	return found
}

func TestProducerGivesEverything(t *testing.T) {
	r := ranLoop(t)
	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(otel.NewProducer(r)))
	sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	found := collect(t, reader)
	if len(found) != len(r.Gather()) {
		t.Errorf("%d metrics, the registry has %d", len(found), len(r.Gather()))
	}
	h, ok := found["uvgo.loop.callback"].Data.(metricdata.Histogram[float64])
	if !ok || len(h.DataPoints) != 1 {
		t.Fatalf("callback times are %+v", found["uvgo.loop.callback"])
	}
	p := h.DataPoints[0]
	var sum uint64
	for _, n := range p.BucketCounts {
		sum += n
	}
	if p.Count != 3 || sum != 3 || len(p.BucketCounts) != len(p.Bounds)+1 || p.Sum <= 0 || !p.StartTime.Before(p.Time) {
		t.Errorf("three callbacks are %+v", p)
	}
	if v, _ := p.Attributes.Value("uvgo.loop"); v.AsString() != "x" {
		t.Errorf("the loop is %v", v)
	}
	turns, ok := found["uvgo.loop.turns"].Data.(metricdata.Sum[float64])
	if !ok || !turns.IsMonotonic || turns.DataPoints[0].Value < 1 {
		t.Errorf("turns are %+v", found["uvgo.loop.turns"])
	}
	if _, ok := found["uvgo.loop.queue_length"].Data.(metricdata.Gauge[float64]); !ok {
		t.Errorf("the queue is %+v", found["uvgo.loop.queue_length"])
	}
	if unit := found["uvgo.loop.unsent"].Unit; unit != "By" {
		t.Errorf("unsent bytes are in %q", unit)
	}
}

func TestObserveWithoutARegistry(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test")
	if _, err := otel.Observe(meter, nil); err != nil {
		t.Fatal(err)
	}
	var got metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &got); err != nil {
		t.Error(err)
	}
}

func TestProducerWithoutARegistry(t *testing.T) {
	all, err := otel.NewProducer(nil).Produce(context.Background())
	if len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := otel.NewProducer(new(metrics.Registry)).Produce(ctx); err != context.Canceled {
		t.Errorf("with a context that has ended: %v", err)
	}
}
