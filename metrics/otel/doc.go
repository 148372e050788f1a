// Package otel gives OpenTelemetry what package metrics knows of loops and servers, and makes a span of each slow callback. It is a
// module of its own, so that uvgo itself needs no OpenTelemetry.
//
//	var m metrics.Registry
//	m.HTTP("web", srv)
//	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(
//		sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithProducer(otel.NewProducer(&m)))))
//
// [NewProducer] gives all metrics to a reader of the SDK, with their histograms. [Observe] needs no SDK, but instruments that are
// observed have no histograms: of those it has the sums and counts. [SlowCallbacks] is a hook for [uvgo.WithSlowCallbackHook].
// Any goroutine may call this package.
package otel
