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

func TestGateway(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	url := "http://" + p.Expect(`^listening on (.*)`)
	webtest.Want(t, "GET", url+"/v1/health/db", "", 200, `"SERVING"`)
	webtest.Want(t, "GET", url+"/healthz", "", 200, `"SERVING"`)
	webtest.Want(t, "GET", url+"/v1/health/cache", "", 404, "unknown service")
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
