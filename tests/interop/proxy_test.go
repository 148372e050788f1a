package interop

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// proxied puts a ReverseProxy on a stack in front of s; the client talks to it.
func proxied(t testing.TB, s *site, proxy, client stack) *site {
	t.Helper()
	tr := &http.Transport{DialContext: proxy.dial, MaxIdleConnsPerHost: 100}
	return open(t, proxy, client, reverse(t, s.URL, tr))
}

// reverse is a ReverseProxy in front of a server. The transport is the proxy's own.
func reverse(t testing.TB, to string, tr *http.Transport) *httputil.ReverseProxy {
	t.Helper()
	target, err := url.Parse(to)
	uvtest.Check(t, err)
	t.Cleanup(tr.CloseIdleConnections)
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     tr,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
	}
}

func TestReverseProxy(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		n := size(16<<20, 1<<20)
		_, crc, err := sum(newContent(n))
		uvtest.Check(t, err)
		mux := http.NewServeMux()
		mux.Handle("/", bulkHandler(n))
		left := make(chan bool, 1)
		mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintln(w, "begun")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			<-r.Context().Done()
			left <- true
		})
		backend := open(t, server, client, mux)
		s := proxied(t, backend, client, server)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				err := s.post(s.request(t, "POST", "/", newContent(n)), n, crc)
				if err == nil {
					err = s.get(s.request(t, "GET", "/", nil), n, crc)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()

		// What has been flushed comes at once, and a client that leaves ends
		// the request behind the proxy.
		resp, err := s.client.Do(s.request(t, "GET", "/endless", nil))
		uvtest.Check(t, err)
		if line, err := bufio.NewReader(resp.Body).ReadString('\n'); line != "begun\n" || err != nil {
			t.Errorf("%q, %v", line, err)
		}
		resp.Body.Close()
		await(t, "the end of the request", left)

		backend.CloseClientConnections()
		backend.Close()
		if resp, _ := s.body(t, s.request(t, "GET", "/", nil)); resp.StatusCode != http.StatusBadGateway {
			t.Errorf("without a backend: %s", resp.Status)
		}
	})
}
