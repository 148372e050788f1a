// Package access counts, times and logs the requests of an HTTP server, and shows the counts as metrics.
//
// Its methods may be called from any goroutine.
package access
