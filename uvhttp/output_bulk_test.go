package uvhttp

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestLongAnswersReuseBuffers: a long answer takes its buffers from those that are free, however it is written.
func TestLongAnswersReuseBuffers(t *testing.T) {
	if uvtest.Instrumented {
		t.Skip("the race detector drops free buffers at random")
	}
	const size = 16 << 20
	piece := make([]byte, 4096)
	s := &Server{Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		}
		for range size / len(piece) {
			_, _ = w.Write(piece)
		}
	})}
	addr := start(t, s)
	c := client(t)
	for _, path := range []string{"/length", "/chunked"} {
		get := func() {
			r, err := c.Get("http://" + addr + path)
			uvtest.Check(t, err)
			defer r.Body.Close()
			if n, err := io.Copy(io.Discard, r.Body); n != size || err != nil {
				t.Fatalf("%d bytes, %v", n, err)
			}
		}
		get()
		const rounds = 8
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			get()
		}
		runtime.ReadMemStats(&after)
		if got := (after.TotalAlloc - before.TotalAlloc) / rounds; got > size/4 { // the garbage collector drops free buffers now and then
			t.Errorf("%s: %d bytes are allocated for an answer of %d", path, got, size)
		}
	}
}
