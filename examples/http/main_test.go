package main

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

func init() { uvtest.Helper("main", main) }

// TestServer sends two requests over package net and two over uvnet. The second one
// uses the same connection.
func TestServer(t *testing.T) {
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr := p.Expect(`^listening on (.*)`)
	for name, transport := range map[string]*http.Transport{
		"net": {}, "uvnet": {DialContext: uvnet.DialContext},
	} {
		client := &http.Client{Transport: transport}
		var first string
		for range 2 {
			res, err := client.Get("http://" + addr + "/")
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || !strings.HasPrefix(string(body), "hello 127.0.0.1:") {
				t.Errorf("%s: %q, %v", name, body, err)
			}
			if first == "" {
				first = string(body)
			} else if first != string(body) {
				t.Errorf("%s: the connection is not kept: %q, then %q", name, first, body)
			}
		}
		transport.CloseIdleConnections()
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

func TestAddressInUse(t *testing.T) {
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr := p.Expect(`^listening on (.*)`)
	uvtest.Start(t, "main", "-addr", addr).Wait(1)
	p.Signal(syscall.SIGINT)
	p.Wait(0)
}
