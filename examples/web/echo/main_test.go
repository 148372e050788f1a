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

func TestEcho(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	url := "http://" + p.Expect(`^listening on (.*)`)
	webtest.Want(t, "GET", url+"/users/7", "", 200, `{"id":7}`)
	webtest.Want(t, "GET", url+"/users/x", "", 400, "the id is a number")
	webtest.Want(t, "GET", url+"/count", "", 200, "1\n2\n3\n")
	webtest.Want(t, "GET", url+"/none", "", 404, "")
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
