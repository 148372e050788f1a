package main

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// serveFunc listens on loopback and calls fn with every connection, on a
// goroutine of its own; it returns the address. All have ended when the test
// has.
func serveFunc(t *testing.T, fn func(c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, l, fn)
	return "tcp://" + l.Addr().String()
}

func serveOn(t *testing.T, l net.Listener, fn func(c net.Conn)) {
	ended := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			go fn(c)
		}
	}()
}

// altered echoes by chunks after fn has had them in its hands.
func altered(fn func(p []byte) []byte) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if _, err := c.Write(fn(buf[:n])); err != nil {
				return
			}
		}
	}
}

func asIs(p []byte) []byte { return p }

// report is what load --json prints.
type report struct {
	Address           string
	Connections       int
	Size              int
	Loops             int
	Seconds           float64
	Interrupted       bool
	Requests          uint64
	RequestsPerSecond float64            `json:"requests_per_second"`
	Latency           map[string]float64 `json:"latency_us"`
	Errors            uint64
	Kinds             map[string]uint64 `json:"error_kinds"`
}

func decode(t *testing.T, text string) (r report) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil || dec.Decode(new(any)) != io.EOF {
		t.Fatalf("not one JSON object: %q, %v", text, err)
	}
	return r
}

func TestLoadMeasuresEcho(t *testing.T) {
	p, addrs := echoServer(t, append(loopback, "unix://"+uvtest.SocketPath(t)), "--loops", "2")
	for _, addr := range addrs {
		for _, tt := range []struct{ name, flags string }{
			{"one connection", "--conns 1"},
			{"many", "--conns 200 --loops 2"},
			{"small", "--conns 5 --size 1"},
			{"odd", "--conns 5 --size 17"},
			{"large", "--conns 3 --size 300000"},
		} {
			network, _, _ := strings.Cut(addr, ":")
			t.Run(network+" "+tt.name, func(t *testing.T) {
				args := append([]string{"load", "--json", "--duration", "300ms", addr}, strings.Fields(tt.flags)...)
				l := start(t, args...)
				r := decode(t, l.wait(0))
				if r.Requests == 0 || r.RequestsPerSecond <= 0 || r.Errors != 0 || len(r.Kinds) != 0 || r.Interrupted {
					t.Errorf("result %+v", r)
				}
				if r.Seconds < .3 || r.Address != addr {
					t.Errorf("%v s to %s, want 0.3 to %s", r.Seconds, r.Address, addr)
				}
				if p50 := r.Latency["p50"]; p50 <= 0 || p50 > r.Latency["p99"] || r.Latency["p99"] > r.Latency["p99_9"] || r.Latency["p99_9"] > r.Latency["max"] {
					t.Errorf("latencies %v", r.Latency)
				}
			})
		}
	}
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

func TestLoadPrintsForPeople(t *testing.T) {
	addr := serveFunc(t, altered(asIs))
	l := start(t, "load", "--conns", "2", "--duration", "100ms", addr)
	l.expect(`^2 connections, messages of 64 bytes, 1 loop, 100ms to ` + addr)
	l.expect(`^requests +[1-9][\d,]* in 1\d\dms$`)
	l.expect(`^rate +[1-9][\d,]* requests/s, \d+\.\d MB/s each way$`)
	l.expect(`^latency +p50 \S+s  p99 \S+s  p99\.9 \S+s  max \S+s$`)
	l.expect(`^errors +0$`)
	l.wait(0)
}

func TestLoadEndsEarlyOnSIGINT(t *testing.T) {
	var echoed atomic.Int64
	some := make(chan struct{})
	addr := serveFunc(t, altered(func(p []byte) []byte {
		if echoed.Add(1) == 100 {
			close(some)
		}
		return p
	}))
	l := start(t, "load", "--json", "--conns", "2", "--duration", "1h", addr)
	<-some
	l.signal(syscall.SIGINT)
	if r := decode(t, l.wait(0)); !r.Interrupted || r.Requests < 90 || r.Errors != 0 {
		t.Errorf("result %+v", r)
	}
}
