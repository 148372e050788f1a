package uvfs

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/uvgo/uvgo/uv"
)

// SameFile tells whether two descriptions are of one file. os.SameFile knows only those
// of package os; this one knows both packages'.
func SameFile(a, b fs.FileInfo) bool {
	x, ok := identity(a)
	y, also := identity(b)
	if ok && also {
		return x == y
	}
	return a != nil && b != nil && os.SameFile(a, b)
}

// identity returns the numbers that make up a file's identity.
func identity(i fs.FileInfo) (id struct{ dev, ino uint64 }, ok bool) {
	if i == nil {
		return id, false
	}
	switch st := i.Sys().(type) {
	case *uv.Stat:
		id.dev, id.ino = st.Dev, st.Ino
	case *syscall.Stat_t:
		id.dev, id.ino = uint64(st.Dev), uint64(st.Ino) //nolint:unconvert // other types on other systems
	default:
		return id, false
	}
	return id, true
}
