// Package goenv reads and writes the variables by which the go command finds compilers
// and libraries.
package goenv
