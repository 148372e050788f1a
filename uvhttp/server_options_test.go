package uvhttp_test

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvhttp"
)

// TestOptionsAreTheLoops: a hook of theirs sees the callbacks of the server's loops.
func TestOptionsAreTheLoops(t *testing.T) {
	slow := make(chan uv.SlowCallback, 1000)
	srv := &uvhttp.Server{Loops: 1, Handler: http.NotFoundHandler(), Options: []uvgo.Option{
		uvgo.WithName("web"), uvgo.WithSlowCallback(time.Nanosecond), uvgo.WithSlowCallbackHook(func(s uv.SlowCallback) {
			select {
			case slow <- s:
			default:
			}
		}),
	}}
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	resp, err := http.Get("http://" + ln.Addr().String())
	uvtest.Check(t, err)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if s := <-slow; s.Loop != "web/0" {
		t.Errorf("the loop is %q", s.Loop)
	}
	uvtest.Check(t, srv.Close())
	<-served
	bad := &uvhttp.Server{Options: []uvgo.Option{uvgo.WithName("")}}
	ln = uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	uvtest.IsErr(t, "a bad option", bad.Serve(ln), uv.EINVAL)
	_ = ln.Close()
}
