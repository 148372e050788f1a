// Package metrics shows what loops and servers do to those who watch a program: as Prometheus's text format, and by expvar.
//
//	var m metrics.Registry
//	m.Server("api", srv)
//	http.Handle("/metrics", &m)
//
// A [Registry] holds what is registered weakly: a loop or server that nobody needs any more leaves it by itself. Any goroutine may
// call this package. Who wants other formats builds them on [Registry.Gather]; package otel, a module of its own, does so for
// OpenTelemetry. docs/metrics.md explains the metrics.
package metrics
