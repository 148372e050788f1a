package main

import (
	"encoding/json"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// serveFunc listens on loopback, and calls fn with every connection on a goroutine of
// its own. It returns the address. The goroutines have ended when the test has ended.
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

// altered echoes chunks after fn has changed them.
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
	Schedule          *struct {
		Rate       float64
		Late       uint64
		Latest     float64 `json:"latest_us"`
		NotStarted uint64  `json:"not_started"`
	}
	Pipeline    int
	Statuses    map[string]uint64
	AnswerBytes uint64 `json:"answer_bytes"`
	Renewed     uint64 `json:"connections_renewed"`
	Errors      uint64
	Kinds       map[string]uint64 `json:"error_kinds"`
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

// taken returns how many bytes an echo server has read, from its statistics.
func taken(t *testing.T, p *process) float64 {
	t.Helper()
	p.signal(syscall.SIGUSR1)
	text := p.expect(`^  bytes +(.+) in, `)
	number, unit, _ := strings.Cut(text, " ")
	n, err := strconv.ParseFloat(number, 64)
	factor := map[string]float64{"byte": 1, "bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}[unit]
	if err != nil || factor == 0 {
		t.Fatalf("%q is no number of bytes: %v", text, err)
	}
	return n * factor
}

func TestLoadMeasuresEcho(t *testing.T) {
	for _, tt := range []struct {
		name        string
		conns, size int
		flags       string
	}{
		{"one connection", 1, 64, ""},
		{"many", 200, 64, "--loops 2"},
		{"small", 5, 1, ""},
		{"odd", 5, 17, ""},
		{"large", 3, 300_000, ""},
	} {
		for _, listen := range []string{loopback[0], "unix://" + uvtest.SocketPath(t)} {
			network, _, _ := strings.Cut(listen, ":")
			t.Run(network+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				p, addrs := echoServer(t, []string{listen}, "--loops", "2")
				args := append([]string{"load", "--json", "--duration", "1h", addrs[0], "--conns", strconv.Itoa(tt.conns),
					"--size", strconv.Itoa(tt.size)}, strings.Fields(tt.flags)...)
				l := start(t, args...)
				for taken(t, p) < 1.01*float64(tt.conns*tt.size)+2 { // until one connection sends its second message
				}
				l.signal(syscall.SIGINT)
				r := decode(t, l.wait(0))
				if r.Requests == 0 || r.RequestsPerSecond <= 0 || r.Errors != 0 || len(r.Kinds) != 0 || !r.Interrupted {
					t.Errorf("result %+v", r)
				}
				if r.Seconds <= 0 || r.Address != addrs[0] || r.Connections != tt.conns || r.Size != tt.size {
					t.Errorf("result %+v of %v", r, tt)
				}
				wantLatencies(t, r)
				p.signal(syscall.SIGTERM)
				p.wait(0)
			})
		}
	}
}

// wantLatencies fails the test unless the quantiles are in ascending order.
func wantLatencies(t *testing.T, r report) {
	t.Helper()
	last := 0.
	for _, name := range []string{"p50", "p99", "p99_9", "max"} {
		if v := r.Latency[name]; v <= 0 || v < last {
			t.Errorf("latencies %v", r.Latency)
		} else {
			last = v
		}
	}
}

func TestLoadEndsAfterItsDuration(t *testing.T) {
	addr := serveFunc(t, altered(asIs))
	l := start(t, "load", "--json", "--conns", "2", "--duration", "1s", addr)
	r := decode(t, l.wait(0))
	if r.Seconds < 1 || r.Interrupted || r.Requests == 0 || r.Errors != 0 {
		t.Errorf("result %+v", r)
	}
	wantLatencies(t, r)
}

func TestLoadPrintsForPeople(t *testing.T) {
	addr := serveFunc(t, altered(asIs))
	l := start(t, "load", "--conns", "2", "--duration", "1s", addr)
	l.expect(`^2 connections, messages of 64 bytes, 1 loop, 1s to ` + addr)
	l.expect(`^requests +[1-9][\d,]* in \d[\d.]*s$`)
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
