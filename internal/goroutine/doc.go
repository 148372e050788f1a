// Package goroutine tells goroutines apart, in about a nanosecond: by the address of
// the runtime's struct for the one that runs.
//
// Two goroutines that exist at one time have different numbers; one that begins
// may have that of one that has ended. So a number is good for as long as its
// goroutine is known to run. Any goroutine may call this package.
package goroutine
