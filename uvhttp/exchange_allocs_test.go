package uvhttp

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestAllocationsPerRequest: what a request allocates is what its handler may keep: the request with its context, the
// text of its head, and its header. Beneath, nothing is allocated.
func TestAllocationsPerRequest(t *testing.T) {
	if uvtest.Instrumented {
		t.Skip("the detectors allocate")
	}
	s := &Server{Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello, world\n") })}
	nc, err := net.Dial("tcp", start(t, s))
	uvtest.Check(t, err)
	defer nc.Close()
	request := []byte("GET /hello HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n")
	in := make([]byte, 4096)
	once := func() {
		_, err := nc.Write(request)
		uvtest.Check(t, err)
		for n := 0; !bytes.HasSuffix(in[:n], []byte("world\n")); {
			m, err := nc.Read(in[n:])
			uvtest.Check(t, err)
			n += m
		}
	}
	for range 100 {
		once()
	}
	const n = 2000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		once()
	}
	runtime.ReadMemStats(&after)
	// The exchange, the head, the header's map with its group, and the values.
	if got := float64(after.Mallocs-before.Mallocs) / n; got > 5.5 {
		t.Errorf("%.2f allocations a request", got)
	} else {
		t.Logf("%.2f allocations, %d bytes a request", got, (after.TotalAlloc-before.TotalAlloc)/n)
	}
}
