package uvhttp

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestStatsCountRequests: by class, on the loop and on goroutines, those of HTTP/2, and panics.
func TestStatsCountRequests(t *testing.T) {
	for _, mode := range []Inline{Auto, Never} {
		for _, version := range []int{1, 2} {
			t.Run(fmt.Sprintf("%d HTTP/%d", mode, version), func(t *testing.T) {
				running := make(chan struct{})
				release := make(chan struct{})
				mux := http.NewServeMux()
				mux.HandleFunc("/404", http.NotFound)
				mux.HandleFunc("/500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
				mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
				mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
				mux.HandleFunc("/wait", func(http.ResponseWriter, *http.Request) {
					running <- struct{}{}
					<-release
				})
				s := &Server{Handler: mux, Loops: 1, Inline: mode}
				addr := start(t, s)
				protocols := new(http.Protocols)
				protocols.SetHTTP1(version == 1)
				protocols.SetUnencryptedHTTP2(version == 2)
				transport := &http.Transport{Protocols: protocols}
				defer transport.CloseIdleConnections()
				get := func(path string) {
					resp, err := (&http.Client{Transport: transport}).Get("http://" + addr + path)
					if err == nil {
						_, _ = io.Copy(io.Discard, resp.Body)
						_ = resp.Body.Close()
					} else if path != "/panic" {
						t.Error(err)
					}
				}
				for range 3 {
					get("/ok")
				}
				get("/404")
				get("/500")
				get("/500")
				get("/panic") // the client may try again, on another connection
				done := make(chan struct{})
				go func() {
					get("/wait")
					close(done)
				}()
				<-running
				if n := s.Stats(); n.InFlight != 1 {
					t.Errorf("%d requests are in flight", n.InFlight)
				}
				close(release)
				<-done
				uvtest.Eventually(t, "all have ended", func() bool {
					n := s.Stats()
					return n.InFlight == 0 && n.Requests[2] == 4 && n.Requests[4] == 1 && n.Requests[5] == 2 && n.Panics >= 1 && n.RequestTime.Count() >= 7
				})
				if n := s.Stats(); len(n.Loops) != 1 || n.Conns.Accepted == 0 {
					t.Errorf("%d loops, %d connections", len(n.Loops), n.Conns.Accepted)
				}
			})
		}
	}
}
