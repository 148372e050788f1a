package uvtest

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestFDsCountsOpenDescriptors(t *testing.T) {
	before := FDs()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if got := FDs(); got != before+2 {
		t.Errorf("%d descriptors with a pipe open, %d before", got, before)
	}
	r.Close()
	w.Close()
	if got := FDs(); got != before {
		t.Errorf("%d descriptors with the pipe closed, %d before", got, before)
	}
}

func TestRSSAndPSSGrowWithTouchedMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("read from /proc")
	}
	const size = 64 << 20
	rss, pss := RSS(), PSS()
	p := make([]byte, size)
	for i := 0; i < len(p); i += 4096 {
		p[i] = 1
	}
	if got := RSS(); got < rss+size/2 {
		t.Errorf("RSS is %d after touching %d more, %d before", got, size, rss)
	}
	if got := PSS(); got < pss+size/2 {
		t.Errorf("PSS is %d after touching %d more, %d before", got, size, pss)
	}
	runtime.KeepAlive(p)
}

func TestSocketPathFitsAndIsRemoved(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tmp := range []string{os.TempDir(), long} {
		var path string
		t.Run("inner", func(t *testing.T) {
			t.Setenv("TMPDIR", tmp)
			path = SocketPath(t)
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			l.Close()
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		})
		if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
			t.Errorf("the directory of %s outlives the test: %v", path, err)
		}
	}
}

func TestWatchdogLetsFinishedTestsBe(t *testing.T) {
	t.Run("inner", func(t *testing.T) { Watchdog(t, 1<<62) })
}
