package uvfs_test

import (
	"context"
	"io"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvfs"
)

// TestBubble uses files in a bubble of testing/synctest: on a loop outside of it, and
// on one made inside, which is no goroutine of the bubble.
func TestBubble(t *testing.T) {
	outside := newFS(t)
	for name, choose := range map[string]func(*testing.T) *uvfs.FS{
		"loop outside": func(*testing.T) *uvfs.FS { return outside },
		"own loop":     ownFS,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			synctest.Test(t, func(t *testing.T) {
				f := choose(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				file := uvtest.Must(f.Create(ctx, path))
				for range 100 {
					uvtest.Must(file.Write([]byte("hello")))
				}
				uvtest.Must(file.Seek(0, io.SeekStart))
				if b, err := io.ReadAll(file); len(b) != 500 || err != nil {
					t.Errorf("%d bytes, %v", len(b), err)
				}
				uvtest.Check(t, file.Close())

				before := time.Now()
				time.Sleep(time.Hour) // by the bubble's clock, which the loop does not hold up
				if d := time.Since(before); d != time.Hour {
					t.Errorf("an hour took %v", d)
				}

				go cancel()
				for {
					if _, err := f.Stat(ctx, path); err != nil {
						uvtest.IsErr(t, "Stat that ctx ends", err, context.Canceled)
						break
					}
				}
			})
		})
	}
}

func ownFS(t *testing.T) *uvfs.FS {
	f := uvtest.Must(uvfs.New())
	t.Cleanup(func() { uvtest.Check(t, f.Close()) })
	return f
}
