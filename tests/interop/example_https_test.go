package interop

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// buildExample builds a program of a directory below examples/, whose module it is built in.
func buildExample(t *testing.T, dir, name string) (bin string) {
	t.Helper()
	bin = filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./"+name)
	build.Dir = filepath.Join("../../examples", dir)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// startBuilt starts an example; it must end well when the test tells it to. It returns
// where it listens.
func startBuilt(t *testing.T, bin string) (addr string) {
	t.Helper()
	const ready = "listening on "
	d, err := startDaemon(exec.Command(bin, "-addr", "127.0.0.1:0"), ready)
	uvtest.Check(t, err)
	t.Cleanup(func() { uvtest.Check(t, d.stop(syscall.SIGTERM)) })
	_, rest, _ := strings.Cut(d.output(), ready)
	addr, _, _ = strings.Cut(rest, "\n")
	return addr
}

// TestHTTPSExample: curl and h2load meet the example of HTTPS as it is shown.
func TestHTTPSExample(t *testing.T) {
	uvtest.Watchdog(t, hang)
	url := "https://" + startBuilt(t, buildExample(t, "", "https-h2")) + "/"
	for version, proto := range map[string]string{"--http1.1": "HTTP/1.1", "--http2": "HTTP/2.0"} {
		got := tool(t, "curl", "-sSfk", "--max-time", "60", version, url)
		if want := fmt.Sprintf("hello over %s\n", proto); got != want {
			t.Errorf("curl %s: %q, want %q", version, got, want)
		}
	}
	h2load(t, "h2", int(size(20_000, 5_000)), 10, 100, url)
}
