// Package counter has counters for hot paths: one goroutine at a time writes them, and any goroutine reads them at any time.
//
// A write is one plain instruction, without the lock prefix of an atomic one. Go's memory model makes that well-defined for
// a value of one machine word: a read sees some value that was written, never a part of one. The counters need 64-bit
// processors, as uvgo does. The race detector cannot know who the one writer is, so writes are hidden from it. That two
// writers never write at once is the caller's part: whoever runs a loop's callbacks, for example.
package counter
