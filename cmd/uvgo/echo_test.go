package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// echoServer starts uvgo echo, and returns it with the addresses that it has printed.
func echoServer(t *testing.T, listen []string, flags ...string) (*process, []string) {
	t.Helper()
	args := append([]string{"echo"}, flags...)
	for _, a := range listen {
		args = append(args, "--listen", a)
	}
	p := start(t, args...)
	var addrs []string
	for range listen {
		addrs = append(addrs, p.expect(`^listening on (\S+) +try: `))
	}
	p.expect(`^stop: `)
	return p, addrs
}

// loopback is any free port.
var loopback = []string{"tcp://127.0.0.1:0"}

// dial connects to an address that uvgo printed.
func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	network, rest, _ := strings.Cut(addr, "://")
	c, err := net.Dial(network, rest)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// exchange sends bytes and expects them back.
func exchange(t *testing.T, c net.Conn, p []byte) {
	t.Helper()
	if _, err := c.Write(p); err != nil {
		t.Fatal(err)
	}
	back := make([]byte, len(p))
	if _, err := io.ReadFull(c, back); err != nil || !bytes.Equal(back, p) {
		t.Fatalf("of %d bytes came back %.40q, %v", len(p), back, err)
	}
}

func TestEchoServesTCPAndUnix(t *testing.T) {
	path := uvtest.SocketPath(t)
	p, addrs := echoServer(t, append(loopback, "unix://"+path), "--loops", "2")
	if addrs[1] != "unix://"+path {
		t.Errorf("it listens on %s, not on %s", addrs[1], path)
	}
	for _, addr := range addrs {
		for range 4 { // some for each loop
			c := dial(t, addr)
			exchange(t, c, []byte("hello"))
			exchange(t, c, bytes.Repeat([]byte("uvgo"), 10_000))
			c.Close()
		}
	}
	p.signal(syscall.SIGTERM)
	p.expect(`^SIGTERM: draining`)
	p.expect(`^drained in `)
	p.wait(0)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket's file is left: %v", err)
	}
}

// TestEchoNamesAnAddressThatReachesIt: a listener for IPv6 only cannot be reached at
// 127.0.0.1.
func TestEchoNamesAnAddressThatReachesIt(t *testing.T) {
	for _, tt := range []struct{ listen, url, try string }{
		{"tcp4://:0", "tcp4://0.0.0.0", "nc 127.0.0.1"},
		{"tcp://0.0.0.0:0", "tcp://0.0.0.0", "nc 127.0.0.1"},
		{"tcp://[::]:0", "tcp://[::]", "nc 127.0.0.1"},
		{"tcp6://:0", "tcp6://[::]", "nc ::1"},
		{"tcp://[::1]:0", "tcp://[::1]", "nc ::1"},
	} {
		t.Run(tt.listen, func(t *testing.T) {
			t.Parallel()
			p := start(t, "echo", "--listen", tt.listen)
			port := p.expect(`^listening on ` + regexp.QuoteMeta(tt.url) + `:(\d+) +try: ` + tt.try + ` \d+$`)
			at := p.expect(`^load: .* (\S+)$`)
			if !strings.HasSuffix(at, ":"+port) {
				t.Errorf("load is to go to %s, port %s listens", at, port)
			}
			p.expect(`^stop: `)
			c := dial(t, at)
			exchange(t, c, []byte("hello"))
			c.Close()
			p.signal(syscall.SIGTERM)
			p.wait(0)
		})
	}
}

func TestEchoPrintsStatisticsOnSIGUSR1(t *testing.T) {
	p, addrs := echoServer(t, loopback)
	c := dial(t, addrs[0])
	exchange(t, c, []byte("hello"))
	p.signal(syscall.SIGUSR1)
	p.expect(`^statistics after \S+`)
	p.expect(`^  connections +1 open, 1 accepted$`)
	p.expect(`^  messages +1, `)
	p.expect(`^  bytes +5 bytes in, 5 bytes out$`)
	p.expect(`^  crossings +[1-9]\d* turns, `)
	p.expect(`^  events +[1-9]\d*, \S+ a crossing$`)
	exchange(t, c, []byte("hello")) // it goes on
	p.signal(syscall.SIGUSR1)
	p.expect(`^  bytes +10 bytes in, 10 bytes out$`)
	c.Close()
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

func TestStatusLineShowsRates(t *testing.T) {
	var before, now sample
	now.at = before.at.Add(2 * time.Second)
	now.Conns, now.Messages, now.BytesIn = 1000, 330_000, 21_000_000
	now.Turns, now.Flushes, now.Events = 10_000, 1, 320_032
	want := "1,000 conns  165,000 messages/s  10.5 MB/s  5,000 turns/s  32.0 events/crossing"
	if got := now.line(before); got != want {
		t.Errorf("status line %q, want %q", got, want)
	}
}
