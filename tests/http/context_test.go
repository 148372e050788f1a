package http

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvhttp"
)

// TestContextEndsWithTheClient has many clients leave while their handlers wait for the context. Those that stay keep
// theirs.
func TestContextEndsWithTheClient(t *testing.T) {
	const clients = 200
	for name, request := range map[string]string{
		"get":                   get("/"),
		"post read":             request("POST", "/?read", "Content-Length: 3") + "abc",
		"pipelined":             get("/canary") + get("/"),
		"behind a flush":        get("/?flush"),
		"behind early hints":    get("/?hints"),
		"with a request behind": get("/") + get("/canary"),
	} {
		t.Run(name, func(t *testing.T) {
			eachInline(t, func(t *testing.T, s *uvhttp.Server) {
				var entered, ended, stayed atomic.Int64
				release := make(chan struct{})
				h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
					switch r.URL.RawQuery {
					case "read":
						r.Body.Read(make([]byte, 10))
						r.Body.Read(make([]byte, 10))
					case "flush":
						w.(http.Flusher).Flush()
					case "hints":
						w.WriteHeader(http.StatusEarlyHints)
					}
					entered.Add(1)
					select {
					case <-r.Context().Done():
						uvtest.Expect(t, ignore(r.Context().Err(), context.Canceled))
						ended.Add(1)
					case <-release:
						stayed.Add(1)
					}
				})
				var leave, stay []*peer
				for range clients {
					p, q := dialHost(t, h.addr), dialHost(t, h.addr)
					p.send(request)
					leave = append(leave, p)
					if len(stay) < 20 {
						q.send(request)
						stay = append(stay, q)
					}
				}
				wait(func() bool { return entered.Load() == clients+20 })
				for i, p := range leave {
					if i%2 == 0 {
						p.Close()
					} else {
						kit.Reset(p.Conn)
					}
				}
				wait(func() bool { return ended.Load() >= clients })
				close(release)
				wait(func() bool { return stayed.Load()+ended.Load() == clients+20 })
				if stayed.Load() != 20 {
					t.Errorf("%d of 20 contexts ended although the clients stayed", 20-stayed.Load())
				}
			})
		})
	}
}

// ignore returns err unless it is want.
func ignore(err, want error) error {
	if err == want {
		return nil
	}
	return err
}
