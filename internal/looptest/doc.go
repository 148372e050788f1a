// Package looptest is the part of the test kit that needs loops. It has a TestMain that
// finds loops which were not closed, loops on which a test must close its handles,
// functions that run turns, and connections between two handles of one loop. It is
// apart from package uvtest, because that one is imported by tests of packages which
// the root package imports. Only tests import looptest. A loop belongs to the test's
// goroutine.
package looptest
