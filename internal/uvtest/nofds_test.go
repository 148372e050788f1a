//go:build unix

package uvtest

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// TestNoDescriptorsHoldsWhenOneIsClosed: a descriptor that is closed meanwhile cannot be
// opened again until the limit is restored.
func TestNoDescriptorsHoldsWhenOneIsClosed(t *testing.T) {
	late := Must(os.Open(os.DevNull))
	restore := NoDescriptors(t)
	err := late.Close()
	_, poor := os.Open(os.DevNull)
	restore()
	Check(t, err)
	if !errors.Is(poor, syscall.EMFILE) {
		t.Errorf("open without descriptors: %v", poor)
	}
	rich, err := os.Open(os.DevNull)
	Check(t, err)
	rich.Close()
}
