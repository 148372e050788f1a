package otel

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/uvgo/uvgo/metrics"
)

// scope is the name of the instrumentation.
const scope = "github.com/uvgo/uvgo/metrics/otel"

// nameOf returns OpenTelemetry's name for a metric: uvgo_loop_lag_seconds is uvgo.loop.lag. An exporter to Prometheus makes the first of
// the second again.
func nameOf(f metrics.Family) string {
	name := strings.TrimSuffix(f.Name, "_total")
	if f.Unit != "" {
		name = strings.TrimSuffix(name, "_"+f.Unit)
	}
	return strings.Replace(name, "_", ".", 2)
}

// unitOf returns the unit by UCUM, as OpenTelemetry wants it.
func unitOf(f metrics.Family) string {
	switch f.Unit {
	case "seconds":
		return "s"
	case "bytes":
		return "By"
	}
	return "1"
}

// attributesOf returns the labels of a sample.
func attributesOf(s metrics.Sample) attribute.Set {
	all := make([]attribute.KeyValue, len(s.Labels))
	for i, l := range s.Labels {
		all[i] = attribute.String("uvgo."+l.Name, l.Value)
	}
	return attribute.NewSet(all...)
}
