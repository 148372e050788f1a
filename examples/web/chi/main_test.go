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

func TestNotes(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	url := "http://" + p.Expect(`^listening on (.*)`)
	webtest.Want(t, "POST", url+"/notes", `{"text":"buy milk"}`, 201, `{"id":1,"text":"buy milk"}`)
	webtest.Want(t, "GET", url+"/notes/1", "", 200, `{"id":1,"text":"buy milk"}`)
	webtest.Want(t, "GET", url+"/notes/2", "", 404, "no such note")
	webtest.Want(t, "POST", url+"/notes", `{`, 400, "")
	webtest.Want(t, "DELETE", url+"/notes/1", "", 405, "")
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
