package cuv

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"
)

// What a burst of reads needed of the read arena goes back to the system when it
// is over, not while it lasts, and can be used again.
func TestReadArenaIsGivenBack(t *testing.T) {
	const size, keep, calm = 16 << 20, 1 << 20, 1024
	l, rc := NewLoop(size, 64<<10, 64)
	if rc != 0 {
		t.Fatal(ErrName(rc))
	}
	defer func() {
		if rc := l.Close(); rc != 0 {
			t.Error(ErrName(rc))
		}
		l.Free()
	}()
	arena := unsafe.Slice((*byte)(l.ring.in), size)
	turn := func(n int, used uint32) {
		for range n {
			l.ring.inLen = used
			l.Turn(RunNoWait, false)
		}
	}
	for range 2 {
		for i := range arena {
			arena[i] = 1
		}
		turn(1, size)
		turn(calm-1, keep)
		turn(1, keep+1) // a last one
		turn(calm-1, 0)
		if got := resident(t, arena); got < size {
			t.Fatalf("%d bytes resident while the burst is hardly over", got)
		}
		turn(1, 0)
		if got := resident(t, arena); got > size/2 {
			t.Fatalf("%d bytes resident after the burst", got)
		}
		if arena[0] != 1 || arena[keep-1] != 1 || arena[keep] != 0 {
			t.Fatal("not the part beyond what stays was given back")
		}
	}
}

// resident tells how many bytes are resident of the mapping that p lies in.
func resident(t *testing.T, p []byte) int {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	addr := uintptr(unsafe.Pointer(&p[0]))
	var from, to uintptr
	for s := bufio.NewScanner(f); s.Scan(); {
		if n, _ := fmt.Sscanf(s.Text(), "%x-%x ", &from, &to); n == 2 || addr < from || addr >= to {
			continue
		}
		if rest, ok := strings.CutPrefix(s.Text(), "Rss:"); ok {
			var kb int
			fmt.Sscan(rest, &kb)
			return kb << 10
		}
	}
	t.Fatal("the arena is not mapped")
	return 0
}
