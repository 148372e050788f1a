// Package lint states the repository's rules as tests: who may import whom,
// where C and unsafe are, what is commented, how long a file may be.
//
// Each rule is a function from the parsed repository to its findings, a test
// named after it that expects none, and cases in rules_test.go that show it
// finding something. Exceptions are in exceptions.go, each with its reason.
// Nothing imports this package. Its functions only read.
package lint
