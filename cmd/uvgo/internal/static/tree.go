package static

import (
	"os"
	"sync/atomic"
)

// A tree is an open root. It is closed when no longer served and no request uses it.
type tree struct {
	*os.Root
	users atomic.Int64 // requests, and one for Files while it serves the tree; 0: closed
}

// acquire returns the tree that is served. The caller releases it.
func (f *Files) acquire() *tree {
	for {
		t := f.tree.Load()
		if n := t.users.Load(); n > 0 && t.users.CompareAndSwap(n, n+1) {
			return t
		}
	}
}

func (t *tree) release() {
	if t.users.Add(-1) == 0 {
		_ = t.Close()
	}
}
