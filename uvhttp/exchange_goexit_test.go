package uvhttp

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"
)

// TestGoexitWhileAnotherHandlerWaits: a handler ends its goroutine, which is the loop's, while another one waits, and
// handlers that return follow before the latter does. The server goes on.
func TestGoexitWhileAnotherHandlerWaits(t *testing.T) {
	waits := make(chan struct{}, 1)
	s := &Server{Loops: 1, Inline: Always, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/wait":
			waits <- struct{}{}
			_, _ = io.Copy(io.Discard, r.Body)
		case "/goexit":
			runtime.Goexit()
		}
		fmt.Fprint(w, "hi")
	})}
	addr := start(t, s)
	for range 5 {
		// The first one to wait is on the loop's goroutine, which goes on with the loop afterwards, while the second one still waits.
		var release [2]func()
		for i := range release {
			c, in := dial(t, addr)
			fmt.Fprint(c, "POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
			<-waits
			release[i] = func() {
				fmt.Fprint(c, "x")
				answer200(t, in)
			}
		}
		release[0]()
		for _, path := range []string{"/goexit", "/", "/goexit", "/"} {
			c, in := dial(t, addr)
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
			if path == "/" {
				answer200(t, in)
			} else {
				_, _ = io.Copy(io.Discard, in)
			}
		}
		release[1]()
	}
}
