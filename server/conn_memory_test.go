package server_test

import (
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// heap returns how many bytes of Go's heap are in use.
func heap() int {
	runtime.GC()
	runtime.GC() // what finalizers and pools kept through the first one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// connect opens n connections without Go memory on the client's side: by descriptors.
func connect(t *testing.T, s *running, h *quietOpens, n int) {
	t.Helper()
	dialFDs(t, s.Addrs()[0].(*net.TCPAddr), n)
	for range n {
		<-h.opened
	}
}

// quietOpens tells of each Open, and keeps nothing.
type quietOpens struct {
	quietEcho
	opened chan struct{}
}

func (h *quietOpens) Open(*server.Conn) { h.opened <- struct{}{} }

// TestIdleConnectionTakesLittleHeap: what an idle connection takes of Go's heap is a Conn, a stream and a
// slot. C's part is 288 bytes more. The bound is generous; `bench-echo -only idle` measures the process.
func TestIdleConnectionTakesLittleHeap(t *testing.T) {
	const conns = 2000
	bound := 320
	if uvtest.Instrumented {
		bound = 480 // AddressSanitizer puts space around each object
	}
	for name, s := range map[string]*server.Server{
		"plain":    {},
		"timeouts": {IdleTimeout: time.Hour, WriteTimeout: time.Hour, MaxConns: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			h := &quietOpens{opened: make(chan struct{}, conns)}
			s.Handler, s.Loops, s.CloseTimeout = h, 1, 20*time.Millisecond
			r := run(t, s)
			connect(t, r, h, 100) // what a loop allocates once
			before := heap()
			connect(t, r, h, conns)
			each := (heap() - before) / conns
			t.Logf("%d bytes of heap for each idle connection", each)
			if each > bound {
				t.Errorf("%d bytes of heap for each idle connection, want at most %d", each, bound)
			}
		})
	}
}

// TestSlowlorisIsEnded: thousands of connections that send nothing, or a byte now and then during the
// handshake, are ended by a timeout, and take little memory meanwhile.
func TestSlowlorisIsEnded(t *testing.T) {
	const conns, bound = 5000, 3 << 10 // two descriptors each
	var limit unix.Rlimit
	if uvtest.Check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)); limit.Cur < 2*conns+200 {
		t.Skipf("RLIMIT_NOFILE is %d: 5,000 connections need twice as many descriptors", limit.Cur)
	}
	for _, tt := range []struct {
		name string
		s    *server.Server
		drip bool
		want server.Closed
	}{
		{"silent", &server.Server{IdleTimeout: 30 * time.Hour}, false, server.Closed{IdleTimeout: conns}},
		{"a byte now and then in the header", &server.Server{
			HandshakeTimeout: 10 * time.Hour,
			ProxyProtocol:    server.ProxyProtocol{Mode: server.ProxyRequired, Trusted: loopbacks},
		}, true, server.Closed{HandshakeTimeout: conns}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.s
			s.Handler, s.Loops, s.Logger = &quietEcho{}, 1, quiet()
			r := run(t, s)
			before := processMemory(t)
			fds := dialFDs(t, r.Addrs()[0].(*net.TCPAddr), conns)
			uvtest.Eventually(t, "all are open", func() bool { return r.Stats().Conns == conns })
			header := "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"
			for i := range 9 {
				if tt.drip {
					for _, fd := range fds {
						writeFD(t, fd, header[i:i+1])
					}
				}
				server.SkipServer(s, time.Hour)
			}
			each := (processMemory(t) - before) / conns
			t.Logf("%d bytes of process memory for each connection", each)
			if each > bound {
				t.Errorf("%d bytes of process memory for each connection, want at most %d", each, bound)
			}
			if got := r.Stats().Closed; got != (server.Closed{}) {
				t.Errorf("before the timeout: %+v", got)
			}
			server.SkipServer(s, 60*time.Hour)
			uvtest.Eventually(t, "all are ended", func() bool { return r.Stats().Conns == 0 })
			if diff := cmp.Diff(tt.want, r.Stats().Closed); diff != "" {
				t.Errorf("Stats (-want +got):\n%s", diff)
			}
		})
	}
}
