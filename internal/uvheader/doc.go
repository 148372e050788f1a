// Package uvheader finds and reads the uv.h with which cuv is compiled. The generator
// uses it, and the tests that compare the binding with libuv. Its functions change
// nothing.
package uvheader
