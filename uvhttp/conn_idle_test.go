package uvhttp

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestShutdownWithoutARequest: what comes behind an answer, and is not the beginning of a head, is nothing that Shutdown waits for.
func TestShutdownWithoutARequest(t *testing.T) {
	before := closeTimeout
	closeTimeout = time.Hour
	t.Cleanup(func() { closeTimeout = before })
	const ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, c := range map[string]struct{ request, behind string }{
		"nothing":                      {ask, ""},
		"three bytes":                  {ask, "GET"},
		"line ends of a POST":          {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", "\r\n"},
		"a body that is skipped":       {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", "12345"},
		"a body behind its own answer": {"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", "12345"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Server{Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "2")
				fmt.Fprint(w, "hi")
				if r.URL.Path == "/read" {
					uvtest.Expect(t, http.NewResponseController(w).Flush())
					_, err := io.Copy(io.Discard, r.Body)
					uvtest.Expect(t, err)
				}
			})}
			ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
			served := make(chan error, 1)
			go func() { served <- s.Serve(ln) }()
			conn, in := dial(t, ln.Addr().String())
			fmt.Fprint(conn, c.request)
			answer200(t, in)
			fmt.Fprint(conn, c.behind)
			ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
			defer cancel()
			uvtest.Expect(t, s.Shutdown(ctx))
			uvtest.IsErr(t, "Serve", <-served, http.ErrServerClosed)
		})
	}
}
