package static

import (
	"io/fs"
	"strconv"
	"syscall"
	"time"

	_ "github.com/uvgo/uvgo/uv" // so that where uvgo cannot be built, its message is the only one
)

// settled is how old a file's last change must be for its time to tell it from the next one. It covers file systems
// that count seconds, or two.
const settled = 2 * time.Second

// etag returns a file's entity tag, which changes when the size, the time of the last change or the inode does. It is
// weak as long as the file may change again within the same time. Weak ones still answer If-None-Match, but not
// If-Range, which puts parts of two answers together.
func etag(info fs.FileInfo, coding string, now time.Time) string {
	var buf [80]byte
	tag := buf[:0]
	if now.Sub(info.ModTime()) < settled {
		tag = append(tag, "W/"...)
	}
	tag = append(tag, '"')
	tag = strconv.AppendInt(tag, info.Size(), 36)
	tag = append(tag, '-')
	tag = strconv.AppendInt(tag, info.ModTime().UnixNano(), 36)
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		tag = append(tag, '-')
		tag = strconv.AppendUint(tag, uint64(st.Ino), 36) //nolint:unconvert // narrower on some systems
	}
	if coding != "" {
		tag = append(append(tag, '-'), coding...)
	}
	return string(append(tag, '"'))
}
