//go:build !race && !asan

package tests

// instrumented tells that the build adds allocations of its own.
const instrumented = false
