package uvfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvfs"
)

// newFS makes an FS that the test's end closes.
func newFS(t testing.TB) *uvfs.FS {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	f := uvtest.Must(uvfs.New())
	t.Cleanup(func() { uvtest.Check(t, f.Close()) })
	return f
}

// fifo makes a FIFO.
func fifo(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	uvtest.Check(t, unix.Mkfifo(path, 0o600))
	return path
}

// writer returns the writing end of a FIFO once somebody opens it for reading.
func writer(t testing.TB, path string) *os.File {
	t.Helper()
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
		if err == nil {
			return f
		}
		if !errors.Is(err, unix.ENXIO) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Microsecond) // the kernel has no event for it
	}
}
