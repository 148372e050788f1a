package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// bins holds the load generator, built once for all tests.
var bins map[string]string

func TestMain(m *testing.M) {
	out, err := os.MkdirTemp("", "bench-echo-test-")
	if err == nil {
		bins, err = build(context.Background(), "../..", out, nil)
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

// loadAgainst runs the load generator against a server that passes each
// connection to serve, and returns its result.
func loadAgainst(t *testing.T, sc scenario, serve func(net.Conn)) (harness.Load, error) {
	t.Helper()
	_, cpu, err := harness.PickCPUs()
	if err != nil {
		t.Skip(err)
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	host, port, _ := net.SplitHostPort(ln.Addr().String())
	b := &bench{config: &config{}, bins: bins, loadCPU: cpu}
	r, _, err := b.load(t.Context(), sc, 10*time.Millisecond, 100*time.Millisecond, os.Getpid(), host, port)
	return r, err
}

func TestLoadCountsEchoes(t *testing.T) {
	for _, size := range []int{16, 64, 16 << 10, 1 << 20} {
		r, err := loadAgainst(t, scenario{Size: size, Conns: 10}, func(c net.Conn) { io.Copy(c, c) })
		if err != nil {
			t.Fatal(err)
		}
		if r.Ops == 0 || r.Corrupt+r.Closed > 0 || !(0 < r.P50 && r.P50 <= r.P99 && r.P99 <= r.P999) {
			t.Errorf("%d bytes: implausible result %+v", size, r)
		}
	}
}

// TestLoadDetects: each kind of wrong echo fails the run, and the error names it.
func TestLoadDetects(t *testing.T) {
	// after serves honestly for some bytes, then calls wrong with one chunk.
	after := func(honest int64, wrong func(c net.Conn, p []byte)) func(net.Conn) {
		return func(c net.Conn) {
			io.CopyN(c, c, honest)
			p := make([]byte, 1<<10)
			n, _ := c.Read(p)
			wrong(c, p[:n])
			io.Copy(io.Discard, c)
		}
	}
	flip := func(at int) func(net.Conn, []byte) {
		return func(c net.Conn, p []byte) {
			p[at] ^= 1
			c.Write(p)
		}
	}
	var stale []byte
	tests := []struct {
		name  string
		serve func(net.Conn)
		want  string
	}{
		{"first byte flipped", after(640, flip(0)), "byte 0 of the echo is wrong"},
		{"sequence number flipped", after(640, flip(8)), "byte 8 of the echo is wrong"},
		{"last byte flipped", after(640, flip(63)), "byte 63 of the echo is wrong"},
		{"byte too many", after(64, func(c net.Conn, p []byte) { c.Write(append(p, 0)) }), "more bytes came back"},
		{"closed in the middle", after(64, func(c net.Conn, p []byte) { c.Write(p[:9]); c.Close() }), "closed the connection"},
		{"previous message again", func(c net.Conn) {
			stale = make([]byte, 64)
			io.ReadFull(c, stale)
			c.Write(stale)
			c.Read(make([]byte, 64))
			c.Write(stale)
			io.Copy(io.Discard, c)
		}, "byte 8 of the echo is wrong"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := loadAgainst(t, scenario{Size: 64, Conns: 1}, tt.serve)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("load said %v, want %q", err, tt.want)
			}
		})
	}
}

// TestLoadEndsWithSilentServer: the run ends even if the server never answers.
func TestLoadEndsWithSilentServer(t *testing.T) {
	_, err := loadAgainst(t, scenario{Size: 64, Conns: 5}, func(c net.Conn) { io.Copy(io.Discard, c) })
	if err == nil || !strings.Contains(err.Error(), "no request completed") {
		t.Errorf("load said %v", err)
	}
}

// TestChildrenEndWithContext: a cancelled run leaves no process behind.
func TestChildrenEndWithContext(t *testing.T) {
	server, _, err := harness.PickCPUs()
	if err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c, err := harness.Start(ctx, []int{server}, nil, "sleep", "sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case <-c.Done:
	case <-time.After(harness.StopLimit):
		t.Fatal("the child outlived its context")
	}
}
