package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/proxy"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// echoAt serves at an address of this machine: it answers, behind the client's end, with all that it got.
func echoAt(t *testing.T, address string) net.Addr {
	t.Helper()
	ln := uvtest.Must(net.Listen("tcp", address))
	done := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all, _ := io.ReadAll(c)
			c.Write(all)
			c.Close()
		}
	}()
	return ln.Addr()
}

// TestConnections: a client of golang.org/x/net goes through the proxy to IPv4, IPv6 and named targets. Megabytes
// come back, though the client has ended its side before.
func TestConnections(t *testing.T) {
	uvtest.Watchdog(t, 3*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	d := uvtest.Must(proxy.SOCKS5("tcp", p.Expect(`^listening on (.*)`), nil, nil))
	four := echoAt(t, "127.0.0.1:0").String()
	_, port, _ := net.SplitHostPort(four)
	targets := []string{four, "localhost:" + port}
	if probe, err := net.Listen("tcp", "[::1]:0"); err == nil { // not every machine has IPv6
		probe.Close()
		targets = append(targets, echoAt(t, "[::1]:0").String())
	}
	for _, target := range targets {
		c, err := d.Dial("tcp", target)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		sent := uvtest.Pattern(4<<20, 1)
		if _, err := c.Write(sent); err != nil {
			t.Fatal(err)
		}
		uvtest.Check(t, c.(interface{ CloseWrite() error }).CloseWrite())
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%s: %d bytes came back of %d, or others (%v)", target, len(got), len(sent), err)
		}
		c.Close()
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

// TestFailures: a client is told why it gets no connection.
func TestFailures(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr := p.Expect(`^listening on (.*)`)
	d := uvtest.Must(proxy.SOCKS5("tcp", addr, nil, nil))
	for target, want := range map[string]string{uvtest.RefusingTCP(t).String(): "connection refused", "nobody.invalid:80": "host unreachable"} {
		if _, err := d.Dial("tcp", target); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", target, err, want)
		}
	}
	for name, tt := range map[string]struct{ sent, want string }{
		"another version":    {"\x04\x01\x00\x50", ""},
		"only with password": {"\x05\x01\x02", "\x05\xff"},
		"BIND":               {"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50", "\x05\x00\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00"},
		"no such address":    {"\x05\x01\x00\x05\x01\x00\x02", "\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00"},
		"an empty name":      {"\x05\x01\x00\x05\x01\x00\x03\x00\x00\x50", "\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00"},
		"an early end":       {"\x05\x01\x00\x05", "\x05\x00"},
	} {
		c := uvtest.Must(net.Dial("tcp", addr))
		_, err := c.Write([]byte(tt.sent))
		uvtest.Check(t, err)
		uvtest.Check(t, c.(*net.TCPConn).CloseWrite())
		if got, _ := io.ReadAll(c); string(got) != tt.want { // a reset comes behind what was answered
			t.Errorf("%s: answered %q, want %q", name, got, tt.want)
		}
		c.Close()
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
