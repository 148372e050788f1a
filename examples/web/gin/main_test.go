package main

import (
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/examples/web/internal/webtest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestGin(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	url := "http://" + p.Expect(`^listening on (.*)`)
	webtest.Want(t, "GET", url+"/hello/gopher", "", 200, "hello, gopher\n")
	webtest.Want(t, "POST", url+"/api/sum", `{"a":2,"b":3}`, 200, `{"sum":5}`)
	webtest.Want(t, "POST", url+"/api/sum", `{"a":2}`, 400, "error")
	webtest.Want(t, "GET", url+"/panic", "", 500, "")
	webtest.Want(t, "GET", url+"/none", "", 404, "")
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
