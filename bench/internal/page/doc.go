// Package page makes docs/benchmarks.md and its charts of the benchmark book's results. The same results give the same files.
package page
