package uvhttp

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// BenchmarkPipelined: what a request costs beside the kernel. 256 of them come at once, so that the system calls count little.
// cpu-ns/op is the processor time of the whole process: it bears other programs.
func BenchmarkPipelined(b *testing.B) {
	text := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "Hello, World!") }
	typed := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"message":"Hello, World!"}`)
	}
	const browser = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101\r\nAccept: text/html,application/xhtml+xml,*/*;q=0.8\r\n" +
		"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nCookie: id=5\r\n"
	for _, c := range []struct {
		name, fields string
		handler      http.HandlerFunc
	}{{"text", "", text}, {"typed", "Accept: */*\r\n", typed}, {"browser", browser, typed}} {
		b.Run(c.name, func(b *testing.B) {
			nc, err := net.Dial("tcp", start(b, &Server{Loops: 1, Handler: c.handler}))
			uvtest.Check(b, err)
			defer nc.Close()
			const depth = 256
			request := "GET /hello HTTP/1.1\r\nHost: x\r\n" + c.fields + "\r\n"
			in := make([]byte, 256<<10)
			_, err = io.WriteString(nc, request)
			uvtest.Check(b, err)
			size, err := nc.Read(in)
			uvtest.Check(b, err)
			if !bytes.HasPrefix(in, []byte("HTTP/1.1 200 OK\r\n")) {
				b.Fatalf("%q", in[:size])
			}
			requests := bytes.Repeat([]byte(request), depth)
			b.ReportAllocs()
			b.ResetTimer()
			began := cpuTime()
			for left := b.N; left > 0; left -= depth {
				n := min(left, depth)
				_, err := nc.Write(requests[:n*len(request)])
				uvtest.Check(b, err)
				_, err = io.ReadFull(nc, in[:n*size])
				uvtest.Check(b, err)
			}
			b.ReportMetric(float64(cpuTime()-began)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is the processor time of the process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
