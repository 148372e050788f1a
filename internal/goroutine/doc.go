// Package goroutine tells goroutines apart, in about a nanosecond. A goroutine's number
// is the address of the runtime's struct for it.
//
// Two goroutines that exist at the same time have different numbers. A new goroutine
// may get the number of one that has ended. So a number identifies its goroutine only
// as long as that goroutine is known to run. Any goroutine may call this package.
package goroutine
