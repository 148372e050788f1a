// Package harness is what the benchmark programs share. It builds and runs the compared
// programs, and makes medians and tables.
package harness
