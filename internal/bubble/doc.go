// Package bubble is for goroutines that wait for a loop in a bubble of testing/synctest.
//
// Goroutines of a bubble have a clock of their own, which stands still while one of them
// waits for the network, and the runtime ends the process if a goroutine outside touches
// a channel or a timer that was made inside. Loops are outside. So who waits for a loop
// does it by what is made here. All functions may be called by any goroutine.
package bubble
