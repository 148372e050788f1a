// Package harness is what the benchmark programs share: building what they
// compare, medians, and tables.
package harness
