// Package looptest is the part of the test kit that knows loops: a TestMain
// that finds leaked ones, and loops that a test must leave clean. For tests
// only; a loop belongs to the test's goroutine.
package looptest
