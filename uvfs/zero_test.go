package uvfs_test

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvfs"
)

func TestZeroFilesAnswerWithErrors(t *testing.T) {
	// Close of an FS on no loop of its own does nothing; a nil *Tree panics.
	uvtest.ZeroValues(t, []string{"FS.Close", "!Tree"}, uvfs.FS{}, uvfs.File{}, uvfs.Dir{}, uvfs.Tree{})
}
