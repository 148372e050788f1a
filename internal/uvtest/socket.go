//go:build unix

package uvtest

import (
	"os"
	"path/filepath"
	"testing"
)

// maxSocketPath is the longest path that fits sun_path on every Unix.
const maxSocketPath = 103

// SocketPath returns a path for a unix socket, in a directory of its own that
// is removed when the test ends. Unlike paths below t.TempDir it fits sun_path
// however long the test's name is.
func SocketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "uv")
	if err == nil && len(filepath.Join(dir, "s")) > maxSocketPath {
		_ = os.Remove(dir)
		dir, err = os.MkdirTemp("/tmp", "uv")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}
