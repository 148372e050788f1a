//go:build unix && (race || asan)

package uvtest

// Instrumented tells that the build is for the race detector or AddressSanitizer, which
// add allocations of their own and make everything slower.
const Instrumented = true
