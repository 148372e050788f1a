//go:build unix && !linux

package uvtest

// closeRange tells whether the kernel can mark all descriptors at once.
func closeRange() bool { return false }
