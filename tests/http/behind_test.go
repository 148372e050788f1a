package http

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// TestHandlersKeepRequests has handlers keep their requests, which must not change when later ones arrive.
func TestHandlersKeepRequests(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		type kept struct {
			r     *http.Request
			w     http.ResponseWriter
			shown string
		}
		var all []kept
		var mu sync.Mutex
		h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, kept{r, w, dump(r)})
			fmt.Fprint(w, len(all))
		})
		p := dialHost(t, h.addr)
		const rounds = 50
		for i := range rounds {
			p.ask(t, post(fmt.Sprint("n=", i), strings.Repeat("x", i), fmt.Sprintf("X-%d: %s", i, strings.Repeat("v", 10*i)), fmt.Sprint("Cookie: a=", i)), "200")
		}
		p.ask(t, get("/canary"), "200") // so the last handler has returned
		mu.Lock()
		defer mu.Unlock()
		for i, k := range all {
			if now := dump(k.r); now != k.shown {
				t.Errorf("request %d was\n%s\nand is\n%s", i, k.shown, now)
			}
			if n, err := k.r.Body.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("request %d: the body's Read returns %d, %v behind the handler's end", i, n, err)
			}
			uvtest.IsErr(t, "the context", k.r.Context().Err(), context.Canceled)
		}
	})
}

// TestHandlersWriteBehindTheirEnd has handlers leave their ResponseWriter to others, which use it behind the handler's end.
// Later answers of the connection must not change.
func TestHandlersWriteBehindTheirEnd(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		left := make(chan http.ResponseWriter, 1)
		h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/long":
				w.Write(text(10_000))
			case "/flush":
				io.WriteString(w, "answer")
				w.(http.Flusher).Flush()
			default:
				io.WriteString(w, "answer")
			}
			left <- w
		})
		p := dialHost(t, h.addr)
		for i := range 60 {
			path := []string{"/short", "/long", "/flush"}[i%3]
			p.ask(t, get(path), "200")
			if body := p.ask(t, get("/canary"), "200"); body != "sings" {
				t.Fatalf("the next answer is %q", body)
			}
			w := <-left
			late(w)
			if body := p.ask(t, get("/canary"), "200"); body != "sings" {
				t.Fatalf("behind a late write the answer is %q", body)
			}
		}
	})
}

// late uses a ResponseWriter whose handler has returned. Package net/http panics in some of that.
func late(w http.ResponseWriter) {
	for _, do := range []func(){
		func() { w.Header().Set("X-Late", "1") },
		func() { w.WriteHeader(http.StatusTeapot) },
		func() { io.WriteString(w, "late") },
		func() { w.Write(text(5000)) },
		func() { w.(http.Flusher).Flush() },
		func() { w.(io.ReaderFrom).ReadFrom(strings.NewReader("late")) },
		func() { http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0)) },
		func() { http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)) },
	} {
		func() {
			defer func() { _ = recover() }()
			do()
		}()
	}
}

// TestHandlersWriteFromGoroutines has goroutines of a handler write the answer while it waits for them.
func TestHandlersWriteFromGoroutines(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
			for i := range 10 {
				done := make(chan struct{})
				go func() {
					defer close(done)
					fmt.Fprint(w, i)
					if i%3 == 0 {
						w.(http.Flusher).Flush()
					}
				}()
				<-done
			}
		})
		var wg sync.WaitGroup
		for range crowd {
			p := dialHost(t, h.addr)
			wg.Go(func() {
				for range 5 {
					if body := p.ask(t, get("/"), "200"); body != "0123456789" {
						t.Errorf("the answer is %q", body)
					}
				}
			})
		}
		wg.Wait()
	})
}
