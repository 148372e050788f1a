// Package httpbench is what the HTTP servers that bench-http compares have in common, and what the load on
// them must know: the works, which are a request and its answer each, and the control server.
package httpbench
