package uvhttp

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestHandlersMayOutliveServer: handlers that have hijacked their connections return when the server has ended. TestMain
// finds the goroutines that stay.
func TestHandlersMayOutliveServer(t *testing.T) {
	const n = 8
	var hijacked, returned sync.WaitGroup
	hijacked.Add(n)
	returned.Add(n)
	release := make(chan struct{})
	t.Run("server", func(t *testing.T) {
		addr := start(t, &Server{Loops: 1, Inline: Never, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			defer returned.Done()
			c, _, err := http.NewResponseController(w).Hijack()
			hijacked.Done()
			if err != nil {
				t.Error(err)
				return
			}
			<-release
			c.Close()
		})})
		for range n {
			c, err := net.Dial("tcp", addr)
			uvtest.Check(t, err)
			defer c.Close()
			_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			uvtest.Check(t, err)
		}
		hijacked.Wait()
	})
	close(release) // the server has been shut down
	returned.Wait()
}
