// Package invariants holds the switch for checks that are too dear for every
// build: ring bounds, generations, the goroutine that owns a loop.
//
// They are on in race builds and with the build tag "invariants", off and
// compiled to nothing otherwise. A failed check panics: it shows a bug in uvgo,
// not in the program that uses it. Any goroutine may call this package.
package invariants
