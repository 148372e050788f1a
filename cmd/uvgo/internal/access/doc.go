// Package access counts, times and logs the requests of an HTTP server, and writes the counts in the text format of
// Prometheus.
//
// Its methods may be called from any goroutine.
package access
