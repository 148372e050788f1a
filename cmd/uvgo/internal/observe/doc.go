// Package observe serves what --metrics shows of a program: /metrics for Prometheus, expvar, pprof, and a page that plots live. It is
// a server of net/http's, which no loop of uvgo's can hold up, so that it shows a stuck loop, too.
//
// Its functions and methods may be called from any goroutine.
package observe
