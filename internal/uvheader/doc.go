// Package uvheader finds and reads the uv.h that cuv is compiled with, for the
// generator and for the tests that compare the binding with it. Its functions
// only read.
package uvheader
