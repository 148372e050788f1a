// Package submit starts the requests of streams and datagrams: what a handle submits and
// somebody waits for. Package handles is its only caller but for [Request] and [Pins],
// which package requests shares.
//
// A request has a slot of its own from its start until it completes. Its bytes are lent
// meanwhile: they stay where they are, pinned, unless they are few or lie in the loop's
// read arena.
package submit
