package uvfs_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// TestRemoveAllReturnsTheFirstError, which names what could not be removed: nothing below
// /proc can be, also by the superuser.
func TestRemoveAllReturnsTheFirstError(t *testing.T) {
	f := newFS(t)
	const dir = "/proc/self/fdinfo"
	for name, err := range map[string]error{"os": os.RemoveAll(dir), "uvfs": f.RemoveAll(t.Context(), dir)} {
		var p *fs.PathError
		if !errors.As(err, &p) || !strings.HasPrefix(p.Path, dir+"/") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
