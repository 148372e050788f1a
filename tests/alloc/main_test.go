// Package alloc tests that what a busy program does again and again allocates nothing.
package alloc

import (
	"os"
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
)

// TestMain turns the watchdog off: on a loaded machine a turn may stand still for long, and a report allocates.
func TestMain(m *testing.M) {
	_ = os.Setenv("UVGO_WATCHDOG", "off")
	looptest.Main(m)
}
