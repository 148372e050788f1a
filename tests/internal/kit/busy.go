package kit

import (
	"time"
)

// Spin keeps the goroutine busy for d at least.
func Spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}
