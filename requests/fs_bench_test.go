package requests_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// BenchmarkFSStat asks about a file with so many requests under way.
func BenchmarkFSStat(b *testing.B) {
	for _, width := range []int{1, 4, 64} {
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			l := looptest.New(b)
			path := b.TempDir()
			left := b.N
			var ask func()
			fn := func(_ uv.Stat, err error) {
				if err != nil {
					b.Error(err)
				}
				ask()
			}
			ask = func() {
				if left > 0 {
					left--
					uvtest.Must(requests.FSStat(l, path, fn))
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range width {
				ask()
			}
			uvtest.Check(b, l.Run(b.Context()))
		})
	}
}

// BenchmarkFSRead reads 4 KiB at a time.
func BenchmarkFSRead(b *testing.B) {
	l := looptest.New(b)
	path := filepath.Join(b.TempDir(), "file")
	uvtest.Check(b, os.WriteFile(path, make([]byte, 4096), 0o600))
	f := uvtest.Must(os.Open(path))
	defer f.Close()
	fd, buf, left := f.Fd(), make([]byte, 4096), b.N
	var ask func(int, error)
	ask = func(_ int, err error) {
		if err != nil {
			b.Error(err)
		}
		if left > 0 {
			left--
			uvtest.Must(requests.FSRead(l, fd, 0, ask, buf))
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	ask(0, nil)
	uvtest.Check(b, l.Run(b.Context()))
}
