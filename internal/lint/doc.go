// Package lint holds the repository's rules as tests: which packages may import which,
// where C and unsafe are allowed, what has a comment, how long a file may be.
//
// Each rule is a function that gets the parsed repository and returns its findings. A
// test named after the rule expects no finding, and cases in the tests show that the
// rule finds something. Exceptions are in exceptions.go, each with its reason. No
// package imports this one. Any goroutine may call its functions.
package lint
