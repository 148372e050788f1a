// Package compile compiles libuv with a C compiler alone: no make, CMake or autotools.
package compile
