// Package bubble is for goroutines that wait for a loop in a bubble of testing/synctest.
//
// Goroutines of a bubble have a clock of their own, which stands still while one of them
// waits for the network. The runtime ends the process if a goroutine outside touches a
// channel or a timer that was made inside. Loops are outside. So a goroutine that waits for
// a loop uses a channel that is made here. Any goroutine may call these functions.
package bubble
