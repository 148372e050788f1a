package uvhttp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// The helper is a client with many streams of events, in a process of its own because of the limit of descriptors.
func init() {
	uvtest.Helper("event-streams", func() {
		var addr string
		var n int
		if _, err := fmt.Scan(&addr, &n); err != nil {
			panic(err)
		}
		in := make([]*bufio.Reader, n)
		await := func(event string) {
			for _, r := range in {
				for line := ""; line != event; {
					s, err := r.ReadString('\n')
					if err != nil {
						panic(err)
					}
					line = strings.TrimSpace(s)
				}
			}
			fmt.Println(event)
		}
		for i := range in {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				panic(err)
			}
			if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				panic(err)
			}
			in[i] = bufio.NewReaderSize(c, 16)
		}
		await("data: 1")
		await("data: 2")
	})
}

// TestManyIdleEventStreams: each stream gets each event, while nothing else happens on it, and the loop serves others. UVGO_LONG=1 has
// 10,000 streams.
func TestManyIdleEventStreams(t *testing.T) {
	n := 1000
	if os.Getenv("UVGO_LONG") != "" {
		n = 10_000
	}
	second := make(chan struct{})
	var left atomic.Int64
	s := &Server{Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/other" {
			return
		}
		defer left.Add(1)
		w.Header().Set("Content-Type", "text/event-stream")
		rc := http.NewResponseController(w)
		fmt.Fprint(w, "data: 1\n\n")
		uvtest.Expect(t, rc.Flush())
		<-second
		fmt.Fprint(w, "data: 2\n\n")
		uvtest.Expect(t, rc.Flush())
		<-r.Context().Done()
	})}
	addr := start(t, s)
	runtime.GC()
	before := uvtest.RSS()
	p := uvtest.Start(t, "event-streams")
	p.Input(fmt.Sprintf("%s %d\n", addr, n))
	p.Expect("data: 1")
	t.Logf("%d streams: %d bytes of memory each", n, (int64(uvtest.RSS())-int64(before))/int64(n))
	c := client(t)
	for range 10 {
		get(t, c, "http://"+addr+"/other")
	}
	close(second)
	p.Expect("data: 2")
	p.Wait(0) // the client goes: that ends each request's context
	uvtest.Eventually(t, "all handlers return", func() bool { return left.Load() == int64(n) })
}
