package interop

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/uvgo/uvgo/uvnet"
)

// TestGoleak: a leak check finds goroutines of uvnet beside an open socket, and none
// behind the last, be the sockets a bubble's of testing/synctest or not.
func TestGoleak(t *testing.T) {
	before := goleak.IgnoreCurrent()
	use := func(t *testing.T, meanwhile func()) {
		ln, err := uvnet.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })}
		served := make(chan error)
		go func() { served <- srv.Serve(ln) }()
		tr := &http.Transport{DialContext: uvnet.DialContext}
		for range 10 {
			resp, err := (&http.Client{Transport: tr}).Get("http://" + ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		meanwhile()
		tr.CloseIdleConnections()
		srv.Close()
		<-served
	}
	use(t, func() {
		if err := goleak.Find(before); err == nil || !strings.Contains(err.Error(), "uvnet.(*worker)") {
			t.Errorf("beside open sockets: %v", err)
		}
	})
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
	synctest.Test(t, func(t *testing.T) { use(t, func() {}) })
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}
