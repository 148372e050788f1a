package otel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/uvgo/uvgo/uv"
)

// SlowCallbacks returns a hook for uvgo.WithSlowCallbackHook that makes a span of each slow callback, by a tracer. The span has the times of the
// callback and no parent. Its attributes are uvgo.loop, uvgo.handle and uvgo.site.
func SlowCallbacks(tracer trace.Tracer) func(uv.SlowCallback) {
	return func(s uv.SlowCallback) {
		_, span := tracer.Start(context.Background(), "uvgo slow callback", trace.WithTimestamp(s.Began), trace.WithNewRoot(), trace.WithAttributes(
			attribute.String("uvgo.loop", s.Loop), attribute.String("uvgo.handle", s.Kind.String()), attribute.String("uvgo.site", s.Site)))
		span.End(trace.WithTimestamp(s.Began.Add(s.Took)))
	}
}
