//go:build !linux

package handles

// reap collects the end of a child that no handle watches any more: it must not
// stay a zombie.
func reap(pid int) { go await(pid) }
