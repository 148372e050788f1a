// Package invariants turns checks on and off that are too slow for production, such as
// those of ring bounds and generations.
//
// The checks are on in race builds and with the build tag "invariants". In other builds
// they compile to nothing. A failed check panics: it shows a bug in uvgo, not in the
// program that uses uvgo. Any goroutine may call this package.
package invariants
