package counter

import "sync/atomic"

// A Remote is a Counter whose number lies elsewhere: in memory that C reads, for example. The zero Remote has none, and must not be used.
type Remote struct{ n *uint64 }

// At makes a Remote of a number.
func At(n *uint64) Remote { return Remote{n} }

// Set replaces the number. It belongs to the writer.
//
//go:norace
func (r Remote) Set(n uint64) { *r.n = n }

// Own returns the number, for the writer, which is the only one that may call it.
//
//go:norace
func (r Remote) Own() uint64 { return *r.n }

// Load returns the number. Any goroutine may call it.
func (r Remote) Load() uint64 { return atomic.LoadUint64(r.n) }
