// Package looptest is the part of the test kit that knows loops: a TestMain
// that finds leaked ones, loops that a test must leave clean, turns of them, and
// connections between two handles of one loop. Package uvtest cannot hold it, for the
// tests of packages below the root use that. For tests only; a loop belongs to the
// test's goroutine.
package looptest
