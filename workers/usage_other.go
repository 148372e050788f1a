//go:build !linux

package workers

import "time"

// A usage is what a process uses.
type usage struct {
	rss uint64 // bytes
	cpu time.Duration
}

// usageOf does not know it on this system.
func usageOf(int) usage { return usage{} }

// monotonicUsec is for systemd, which is not here.
func monotonicUsec() string { return "" }
