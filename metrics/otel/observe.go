package otel

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/metric"

	"github.com/uvgo/uvgo/metrics"
)

// Observe makes observable instruments of a meter for the metrics of a registry. Of a histogram it makes two counters, whose names end
// in .sum and .count. The registration ends by its Unregister. A nil registry has none. An error is the meter's.
func Observe(meter metric.Meter, r *metrics.Registry) (metric.Registration, error) {
	if r == nil {
		r = new(metrics.Registry)
	}
	var all []metric.Observable
	observe := make(map[string]func(metric.Observer, metrics.Sample))
	for _, f := range metrics.Families() {
		made, fn, err := instruments(meter, f)
		if err != nil {
			return nil, fmt.Errorf("otel: metric %s: %w", nameOf(f), err)
		}
		all = append(all, made...)
		observe[f.Name] = fn
	}
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, f := range r.Gather() {
			for _, s := range f.Samples {
				observe[f.Name](o, s)
			}
		}
		return nil
	}, all...)
}

// instruments makes the instruments of a metric, and what observes a sample by them.
func instruments(meter metric.Meter, f metrics.Family) (made []metric.Observable, observe func(metric.Observer, metrics.Sample), err error) {
	name, help, unit := nameOf(f), metric.WithDescription(f.Help), metric.WithUnit(unitOf(f))
	switch f.Type {
	case metrics.Histogram:
		sum, err := meter.Float64ObservableCounter(name+".sum", help, unit)
		if err != nil {
			return nil, nil, err
		}
		count, err := meter.Int64ObservableCounter(name+".count", help)
		return []metric.Observable{sum, count}, func(o metric.Observer, s metrics.Sample) {
			with := metric.WithAttributeSet(attributesOf(s))
			o.ObserveFloat64(sum, s.Sum, with)
			o.ObserveInt64(count, int64(s.Count), with)
		}, err
	case metrics.Counter:
		c, err := meter.Float64ObservableCounter(name, help, unit)
		return []metric.Observable{c}, func(o metric.Observer, s metrics.Sample) {
			o.ObserveFloat64(c, s.Value, metric.WithAttributeSet(attributesOf(s)))
		}, err
	}
	g, err := meter.Float64ObservableGauge(name, help, unit)
	return []metric.Observable{g}, func(o metric.Observer, s metrics.Sample) {
		o.ObserveFloat64(g, s.Value, metric.WithAttributeSet(attributesOf(s)))
	}, err
}
