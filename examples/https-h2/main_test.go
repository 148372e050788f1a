package main

import (
	"crypto/tls"
	"io"
	"net/http"
	"sync"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

func init() { uvtest.Helper("main", main) }

// TestProtocols sends many requests at once, by HTTP/1.1 and by HTTP/2.
func TestProtocols(t *testing.T) {
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr := p.Expect(`^listening on (.*)`)
	for _, h2 := range []bool{false, true} {
		want := "hello over HTTP/1.1\n"
		if h2 {
			want = "hello over HTTP/2.0\n"
		}
		transport := &http.Transport{
			DialContext:       uvnet.DialContext,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
			ForceAttemptHTTP2: h2,
		}
		client := &http.Client{Transport: transport}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				res, err := client.Get("https://" + addr + "/")
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				if body, err := io.ReadAll(res.Body); err != nil || string(body) != want {
					t.Errorf("%q, %v; want %q", body, err, want)
				}
			})
		}
		wg.Wait()
		transport.CloseIdleConnections()
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
