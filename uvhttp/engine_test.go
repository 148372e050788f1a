package uvhttp

import (
	"fmt"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestErrorLogLinesHaveOneTimeAndNoLevel(t *testing.T) {
	var out strings.Builder
	s := &Server{ErrorLog: log.New(&out, "p: ", 0)}
	s.logger().Info("a message", "total", 1)
	if got, want := out.String(), "p: msg=\"a message\" total=1\n"; got != want {
		t.Errorf("ErrorLog got %q, want %q", got, want)
	}
}

// A stuckWriter is an ErrorLog's output that nobody reads.
type stuckWriter struct{ wrote, read chan struct{} }

func (w stuckWriter) Write(p []byte) (int, error) {
	w.wrote <- struct{}{}
	<-w.read
	return len(p), nil
}

// TestStuckErrorLog: what a handler does wrong is logged without what the loop needs of the connection.
func TestStuckErrorLog(t *testing.T) {
	for _, mistake := range []func(w http.ResponseWriter){
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK); w.WriteHeader(http.StatusOK) },
		func(w http.ResponseWriter) { w.Header().Set("Content-Length", "x"); w.WriteHeader(http.StatusOK) },
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "2")
			w.Header().Set("Transfer-Encoding", "chunked")
			fmt.Fprint(w, "ab")
		},
		func(w http.ResponseWriter) {
			c, _, err := http.NewResponseController(w).Hijack()
			uvtest.Check(t, err)
			defer c.Close()
			w.WriteHeader(http.StatusOK)
		},
	} {
		modes(t, func(t *testing.T, s *Server) {
			out := stuckWriter{make(chan struct{}), make(chan struct{})}
			s.ErrorLog = log.New(out, "", 0)
			s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/quick" {
					mistake(w)
				}
			})
			addr := start(t, s)
			c, _ := dial(t, addr)
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			<-out.wrote
			fmt.Fprint(c, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n") // the loop keeps it for later
			other, in := dial(t, addr)
			for range 3 {
				fmt.Fprint(other, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")
				answer200(t, in)
			}
			close(out.read)
		})
	}
}
