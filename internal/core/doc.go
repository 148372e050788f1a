// Package core is the machine below the public packages: what one loop does, for the
// packages that add handles and requests.
//
// A [Core] keeps the slots by which C's integer ids lead to Go's objects (slots.go). It
// makes the turns (run.go) and delivers what they bring (batch.go): functions that other
// goroutines post (posts.go), idle and prepare callbacks (phases.go), events. It decides
// how a loop waits: in libuv, on Go's netpoller (park.go), and whether it looks for a
// while before that (busypoll.go). It knows whose goroutine may use it (owner.go).
//
// A Core belongs to the goroutine that runs it. Post, Stop, Interrupt and Wake may be
// called from any goroutine. [Core.Check] and [Core.Owned] tell whether the caller is
// that goroutine: always on amd64 and arm64, elsewhere in debug mode.
package core
