package httpbench

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func startTestControl(t *testing.T) (addr string) {
	t.Helper()
	a, stop, err := startControl()
	uvtest.Check(t, err)
	t.Cleanup(func() { stop() })
	return a.String()
}

var kept [][]byte

// TestAllocs: what is allocated between two readings is counted.
func TestAllocs(t *testing.T) {
	addr := startTestControl(t)
	ctx := context.Background()
	objects, bytes, err := Allocs(ctx, addr)
	uvtest.Check(t, err)
	const n, size = 10_000, 1 << 10
	for range n {
		kept = append(kept, make([]byte, size))
	}
	kept = nil
	objects2, bytes2, err := Allocs(ctx, addr)
	uvtest.Check(t, err)
	if objects2-objects < n || bytes2-bytes < n*size {
		t.Errorf("%d objects, %d bytes", objects2-objects, bytes2-bytes)
	}
	uvtest.Check(t, Free(ctx, addr))
}

func TestProfile(t *testing.T) {
	addr := startTestControl(t)
	file := filepath.Join(t.TempDir(), "profile")
	uvtest.Check(t, Profile(context.Background(), addr, time.Second, file))
	if text := uvtest.Must(os.ReadFile(file)); len(text) < 2 || text[0] != 0x1f || text[1] != 0x8b { // gzip
		t.Errorf("%d bytes: %.20q", len(text), text)
	}
	if err := Profile(context.Background(), addr, time.Second, t.TempDir()); err == nil {
		t.Error("a profile was written to a directory")
	}
}
