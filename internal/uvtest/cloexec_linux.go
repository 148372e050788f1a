package uvtest

import (
	"math"

	"golang.org/x/sys/unix"
)

// closeRange tells whether the kernel can mark all descriptors at once.
func closeRange() bool {
	return unix.CloseRange(math.MaxInt32, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) == nil
}
