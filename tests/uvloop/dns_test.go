package uvloop

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"close_in_flight":  kit.PerParking(testDNSCloseInFlight),
		"long_hostname":    kit.PerLoop(testDNSLongHostname),
		"literal_shortcut": testDNSLiteralShortcut,
	})
	uvtest.Helper("lookups", lookups)
}

var streamHints = requests.AddrInfoHints{SockType: unix.SOCK_STREAM}

// testDNSCloseInFlight closes loops whose queries wait for a thread, are being
// answered, or have been answered in C alone.
func testDNSCloseInFlight(t *testing.T, park uvgo.Option) {
	const loops, queries = 20, 10
	answers := uvtest.NewCounter(t, "answers", loops*(queries+1))
	for i := range loops {
		l := uvtest.Must(uvgo.New(park))
		for q := range queries {
			r, err := requests.GetAddrInfo(l, "localhost", "", streamHints, func(list []requests.AddrInfo, err error) {
				answers.Inc()
				if (err == nil) != (len(list) > 0) {
					t.Errorf("%v, %v", list, err)
				}
			})
			uvtest.Check(t, err)
			if q%3 == 0 {
				r.Cancel()
			}
		}
		_, err := requests.GetNameInfo(l, netip.MustParseAddrPort("127.0.0.1:80"), 0, func(_, _ string, err error) {
			answers.Inc()
			uvtest.Check(t, err)
		})
		uvtest.Check(t, err)
		if i%2 == 1 {
			uvtest.Must(l.RunNoWait())
		}
		if err := l.Close(); err == nil && l.Alive() || err != nil && !errors.Is(err, uv.EBUSY) {
			t.Errorf("close: %v", err)
		}
		uvtest.Check(t, l.Shutdown(context.Background()))
	}
}

// testDNSLongHostname: the loop stays usable after a host that is none.
func testDNSLongHostname(t *testing.T, l *uvgo.Loop) {
	for _, host := range []string{
		strings.Repeat("a", 256), strings.Repeat("a", 1<<20), strings.Repeat("a.", 127) + "a",
		strings.Repeat("ü", 300), "a\x00b", "\xff", "",
	} {
		_, err := requests.GetAddrInfo(l, host, "", streamHints, func([]requests.AddrInfo, error) { t.Error("called") })
		if !errors.Is(err, uv.EINVAL) {
			t.Errorf("%d bytes: %v", len(host), err)
		}
	}
	answered := false
	_, err := requests.GetAddrInfo(l, strings.Repeat("a", 64)+".invalid", "", requests.AddrInfoHints{Flags: requests.AINumericHost}, func(_ []requests.AddrInfo, err error) {
		answered = true
		if !errors.Is(err, uv.EAI_NONAME) {
			t.Errorf("a long label: %v", err)
		}
	})
	uvtest.Check(t, err)
	uvtest.Check(t, l.Run(context.Background()))
	if !answered {
		t.Error("no answer")
	}
}

// testDNSLiteralShortcut: a process that only looks up literals has no pool.
func testDNSLiteralShortcut(t *testing.T) {
	out, err := uvtest.Command(t, "lookups", "0", "127.0.0.1", "::1", "fe80::1%1").CombinedOutput()
	if err != nil || string(out) != "0 threads\n" {
		t.Errorf("literals: %q, %v", out, err)
	}
	out, err = uvtest.Command(t, "lookups", "4", "127.0.0.1", "localhost").CombinedOutput()
	if err != nil || string(out) != "4 threads\n" {
		t.Errorf("a name: %q, %v; without a pool the test above says nothing", out, err)
	}
}

// lookups looks up its arguments, but for the first, and prints how many threads
// libuv's pool has, which are those that block all signals. The first argument
// is how many there should be: a thread of Go's that is about to start looks the
// same, so it takes a while to be sure of more.
func lookups() {
	os.Unsetenv("UV_THREADPOOL_SIZE")
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		for _, host := range os.Args[2:] {
			_, err := requests.GetAddrInfo(l, host, "", streamHints, func(list []requests.AddrInfo, err error) {
				if err != nil || len(list) == 0 {
					fmt.Println(host, list, err)
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	n, want := poolThreads(), uvtest.Must(strconv.Atoi(os.Args[1]))
	for range 10_000 {
		if n == want {
			break
		}
		n = min(n, poolThreads())
	}
	fmt.Println(n, "threads")
}

// poolThreads counts threads that take neither SIGPIPE nor SIGTERM.
func poolThreads() (n int) {
	const mask = 1<<(unix.SIGPIPE-1) | 1<<(unix.SIGTERM-1)
	tasks, _ := filepath.Glob("/proc/self/task/*/status")
	for _, path := range tasks {
		status, _ := os.ReadFile(path)
		_, blocked, _ := strings.Cut(string(status), "SigBlk:\t")
		var bits uint64
		fmt.Sscanf(blocked, "%x", &bits)
		if bits&mask == mask {
			n++
		}
	}
	return n
}
