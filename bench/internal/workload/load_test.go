package workload

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// builtLoad is the load generator in C, built once for all tests.
var builtLoad string

func TestMain(m *testing.M) {
	out, err := os.MkdirTemp("", "workload-test-")
	if err == nil {
		builtLoad, err = harness.NewBuilder(context.Background(), "../..", out).C(loadC.Name, false, loadC.C...)
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(out)
	os.Exit(code)
}

// serve accepts connections on a network and passes each to fn. It returns the address as the load takes it.
func serve(t *testing.T, network string, fn func(net.Conn)) (url string) {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = t.TempDir() + "/socket"
	}
	ln := uvtest.Must(net.Listen(network, addr))
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				fn(c)
			}()
		}
	}()
	return network + "://" + ln.Addr().String()
}

// serveUDP answers each datagram with what fn makes of it.
func serveUDP(t *testing.T, fn func(p []byte) []byte) (url string) {
	t.Helper()
	c := uvtest.Must(net.ListenPacket("udp4", "127.0.0.1:0"))
	t.Cleanup(func() { c.Close() })
	go func() {
		p := make([]byte, 64<<10)
		for {
			n, from, err := c.ReadFrom(p)
			if err != nil {
				return
			}
			if out := fn(p[:n]); out != nil {
				_, _ = c.WriteTo(out, from)
			}
		}
	}()
	return "udp://" + c.LocalAddr().String()
}

// run runs a load and returns what it printed.
func run(load string, args ...string) (harness.Load, error) {
	out, err := exec.Command(load, append([]string{"--json", "--warmup", "1", "--duration", "50"}, args...)...).CombinedOutput()
	if err != nil {
		return harness.Load{}, fmt.Errorf("%w: %s", err, out)
	}
	return harness.ParseLoad(string(out))
}

func TestLoadKnowsItsModes(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	var accepted atomic.Int64
	echo := func(c net.Conn) {
		accepted.Add(1)
		_, _ = io.Copy(c, c)
	}
	same := func(p []byte) []byte { return p }
	for _, tt := range []struct {
		url  string
		args []string
	}{
		{serve(t, "tcp", echo), []string{"--conns", "3", "--depth", "16"}},
		{serve(t, "tcp", echo), []string{"--conns", "2", "--depth", "16", "--size", "65536"}},
		{serve(t, "unix", echo), []string{"--conns", "3"}},
		{serve(t, "unix", echo), []string{"--conns", "3", "--churn"}},
		{serveUDP(t, same), []string{"--conns", "3"}},
	} {
		if l, err := run(builtLoad, append(tt.args, tt.url)...); err != nil || l.Ops < 1 || l.P50 <= 0 {
			t.Errorf("%v %s: %+v, %v", tt.args, tt.url, l, err)
		}
	}
	accepted.Store(0)
	l, err := run(builtLoad, "--conns", "3", "--churn", serve(t, "tcp", echo))
	if n := accepted.Load(); err != nil || l.Ops < 1 || n < int64(l.Ops) {
		t.Errorf("churn: %+v, %v, %d connections", l, err, n)
	}
}

// TestLoadNoticesWrongEchoes in the modes that are not those of bench-echo.
func TestLoadNoticesWrongEchoes(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	// flip changes the last byte of each read of 16 messages.
	flip := func(c net.Conn) {
		p := make([]byte, 16*64)
		for {
			n, err := io.ReadFull(c, p)
			if err != nil {
				return
			}
			p[n-1] ^= 1
			_, _ = c.Write(p[:n])
		}
	}
	more := func(c net.Conn) {
		p := make([]byte, 16*64)
		_, _ = io.ReadFull(c, p)
		_, _ = c.Write(append(p, 0))
		_, _ = io.Copy(io.Discard, c)
	}
	for _, tt := range []struct {
		url, want string
		args      []string
	}{
		{serve(t, "tcp", flip), "byte 63 of the echo is wrong", []string{"--depth", "16"}},
		{serve(t, "tcp", more), "more bytes came back", []string{"--depth", "16"}},
		{serveUDP(t, func(p []byte) []byte { p[63] ^= 1; return p }), "byte 63 is wrong", nil},
		{serveUDP(t, func(p []byte) []byte { return p[:63] }), "of 63 bytes", nil},
		{serveUDP(t, func(p []byte) []byte { return append(p, 0) }), "of 65 bytes", nil},
		{serve(t, "tcp", func(c net.Conn) { c.Close() }), "no request completed", []string{"--churn"}},
	} {
		if l, err := run(builtLoad, append(tt.args, tt.url)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v %s: %+v, %v; want %q", tt.args, tt.url, l, err, tt.want)
		}
	}
}

// TestLoadSendsLostDatagramsAgain: every second datagram gets no answer, and the load goes on. What it sends
// again does not count as late.
func TestLoadSendsLostDatagramsAgain(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	n := 0
	url := serveUDP(t, func(p []byte) []byte {
		if n++; n%2 == 0 {
			return nil
		}
		return p
	})
	l, err := run(builtLoad, "--conns", "2", "--duration", "500", url)
	if err != nil || l.Ops < 1 || l.Max >= 200_000 {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestFloodStops at its limit, and where the server takes no more or closes.
func TestFloodStops(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	for _, tt := range []struct {
		name        string
		fn          func(net.Conn)
		least, most int // bytes
	}{
		{"takes all", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, 8 << 20, 8<<20 + 64<<10},
		{"takes nothing", func(c net.Conn) { _, _ = c.Write([]byte("x")); <-t.Context().Done() }, 1, 8<<20 - 1},
		{"closes", func(c net.Conn) { _, _ = io.CopyN(io.Discard, c, 1<<20); c.Close() }, 1, 8<<20 - 1},
	} {
		url := serve(t, "tcp", tt.fn)
		cmd := exec.CommandContext(t.Context(), builtLoad, "flood", "--conns", "1", "--limit", "8", url)
		stdin := uvtest.Must(cmd.StdinPipe())
		stdout := uvtest.Must(cmd.StdoutPipe())
		cmd.Stderr = os.Stderr
		uvtest.Check(t, cmd.Start())
		line := uvtest.Must(bufio.NewReader(stdout).ReadString('\n'))
		sent := 0
		if _, err := fmt.Sscanf(line, "ready %d\n", &sent); err != nil || sent < tt.least || sent > tt.most {
			t.Errorf("%s: %q", tt.name, line)
		}
		stdin.Close()
		uvtest.Check(t, cmd.Wait())
	}
}
