// Package kit is what the suites below tests/ share beyond internal/uvtest and
// internal/looptest: tables of tests, plain peers, servers and helper processes, and handles
// ready for use. For tests only; a handle belongs to its loop's goroutine.
package kit
