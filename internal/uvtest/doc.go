// Package uvtest is the test kit of uvgo's packages.
//
// Every package's TestMain is one call of [Main], which fails a package whose
// tests leak a descriptor or a goroutine. [Helper] and [Command] run code in a
// process of its own, [NewCounter] counts callbacks, [Watchdog] ends a test
// that hangs, [Conformance] ties subtests to the rows of a table.
//
// Only tests import it. Functions that take a testing.TB are called on the test's
// goroutine. Any goroutine may use a [Counter].
package uvtest
