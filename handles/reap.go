//go:build !linux

package handles

// reap reaps a child that no handle watches any more, when it ends: it must not stay a
// zombie.
func reap(pid int) { go reapBlocking(pid) }
