package otel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/uvgo/uvgo/metrics"
)

// started is when counts began: no loop is older.
var started = time.Now()

// NewProducer returns what gives a reader of the SDK all metrics of a registry, by sdkmetric.WithProducer. Counts are cumulative. A nil
// registry has none.
func NewProducer(r *metrics.Registry) sdkmetric.Producer { return producer{r} }

type producer struct{ r *metrics.Registry }

var _ sdkmetric.Producer = producer{}

// Produce returns the metrics as they are now.
func (p producer) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	if err := ctx.Err(); err != nil || p.r == nil {
		return nil, err
	}
	now := time.Now()
	var all []metricdata.Metrics
	for _, f := range p.r.Gather() {
		m := metricdata.Metrics{Name: nameOf(f), Description: f.Help, Unit: unitOf(f)}
		switch f.Type {
		case metrics.Histogram:
			m.Data = metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality, DataPoints: histograms(f, now)}
		case metrics.Counter:
			m.Data = metricdata.Sum[float64]{Temporality: metricdata.CumulativeTemporality, IsMonotonic: true, DataPoints: points(f, now)}
		default:
			m.Data = metricdata.Gauge[float64]{DataPoints: points(f, now)}
		}
		all = append(all, m)
	}
	return []metricdata.ScopeMetrics{{Scope: instrumentation.Scope{Name: scope}, Metrics: all}}, nil
}

func points(f metrics.Family, now time.Time) (all []metricdata.DataPoint[float64]) {
	for _, s := range f.Samples {
		p := metricdata.DataPoint[float64]{Attributes: attributesOf(s), Time: now, Value: s.Value}
		if f.Type == metrics.Counter {
			p.StartTime = started
		}
		all = append(all, p)
	}
	return all
}

// histograms returns a metric's histograms. A bucket of ours has those below it, too; one of OpenTelemetry's has not.
func histograms(f metrics.Family, now time.Time) (all []metricdata.HistogramDataPoint[float64]) {
	for _, s := range f.Samples {
		h := metricdata.HistogramDataPoint[float64]{Attributes: attributesOf(s), StartTime: started, Time: now, Count: s.Count, Sum: s.Sum}
		var below uint64
		for _, b := range s.Buckets {
			h.Bounds = append(h.Bounds, b.UpTo)
			h.BucketCounts = append(h.BucketCounts, b.Count-below)
			below = b.Count
		}
		h.BucketCounts = append(h.BucketCounts, s.Count-below)
		all = append(all, h)
	}
	return all
}
