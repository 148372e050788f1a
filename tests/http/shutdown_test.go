package http

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// TestShutdownAnswersWhatWasSent has many clients send a request on connections of every kind, and shuts the server down
// then. Each request was sent whole before, so each is answered.
func TestShutdownAnswersWhatWasSent(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, p *peer){
		"on connections that were idle": func(t *testing.T, p *peer) { p.ask(t, get("/canary"), "200") },
		"on connections that had a bad moment": func(t *testing.T, p *peer) {
			p.ask(t, get("/canary"), "200")
			p.ask(t, post("", "abc"), "200")
			p.ask(t, chunked("", "3\r\nabc\r\n0\r\n\r\n"), "200")
		},
	} {
		for _, request := range []struct{ name, text string }{
			{"get", get("/slow")}, {"post", post("", "abc")}, {"quick", get("/canary")}, {"long", get("/long")},
		} {
			t.Run(name+" "+request.name, func(t *testing.T) {
				for name, inline := range inlines {
					t.Run(name, func(t *testing.T) {
						for range 5 {
							shutdownRound(t, &uvhttp.Server{Inline: inline, Loops: 2}, request.text, prepare)
						}
					})
				}
			})
		}
	}
}

func shutdownRound(t *testing.T, s *uvhttp.Server, request string, prepare func(t *testing.T, p *peer)) {
	const clients = 40
	uvtest.Watchdog(t, 2*time.Minute)
	h := openHost(s, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			time.Sleep(5 * time.Millisecond)
		case "/long":
			w.Write(text(500_000))
		}
	})
	var idle, busy []*peer
	for range clients {
		p, q := dialHost(t, h.addr), dialHost(t, h.addr)
		prepare(t, p)
		prepare(t, q)
		busy, idle = append(busy, p), append(idle, q)
	}
	for _, p := range busy {
		p.send(request)
	}
	ended := make(chan error)
	go func() { ended <- s.Shutdown(context.Background()) }()
	var wg sync.WaitGroup
	for _, p := range busy {
		wg.Go(func() {
			if r, err := p.answer(); err != nil {
				t.Errorf("a request sent before Shutdown: %v", err)
			} else if r.code() != "200" {
				t.Errorf("a request sent before Shutdown: %s", r.Status)
			}
			p.leave()
		})
	}
	for _, p := range idle {
		wg.Go(p.leave)
	}
	wg.Wait()
	uvtest.Check(t, <-ended)
	if err := <-h.served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
	if c, err := net.Dial("tcp", h.addr.String()); err == nil {
		c.Close()
		t.Error("somebody listens behind Shutdown")
	}
}

// TestShutdownAnswersNewConnections is TestShutdownAnswersWhatWasSent with connections whose first request it is, which
// the server may not have accepted yet.
func TestShutdownAnswersNewConnections(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		for range 5 {
			shutdownRound(t, &uvhttp.Server{Inline: s.Inline, Loops: 2}, get("/slow"), func(*testing.T, *peer) {})
		}
	})
}

// TestShutdownCalls has Shutdown and Close called in every order.
func TestShutdownCalls(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		var called atomic.Int64
		s.RegisterOnShutdown(func() { called.Add(1) })
		s.RegisterOnShutdown(func() { called.Add(1) })
		h := openHost(s, func(http.ResponseWriter, *http.Request) {})
		p := dialHost(t, h.addr)
		p.ask(t, get("/canary"), "200")
		h.shutdown(t)
		p.gone()
		wait(func() bool { return called.Load() == 2 })
		if err := <-h.served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
		h.shutdown(t)
		uvtest.Check(t, s.Close())
		ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
		defer ln.Close()
		uvtest.IsErr(t, "Serve behind Shutdown", s.Serve(ln), http.ErrServerClosed)
		s.Addr = "127.0.0.1:0"
		uvtest.IsErr(t, "ListenAndServe behind Shutdown", s.ListenAndServe(), http.ErrServerClosed)
	})
	t.Run("before Serve", func(t *testing.T) {
		s := &uvhttp.Server{Addr: "127.0.0.1:0"}
		uvtest.Check(t, s.Shutdown(context.Background()))
		uvtest.IsErr(t, "ListenAndServe", s.ListenAndServe(), http.ErrServerClosed)
	})
}

// TestShutdownWaitsForHandlers has a handler that ends only after Shutdown's context has.
func TestShutdownWaitsForHandlers(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		uvtest.Watchdog(t, 2*time.Minute)
		g := newGate()
		h := openHost(s, func(w http.ResponseWriter, r *http.Request) { g.pass() })
		var peers []*peer
		for range 10 {
			p := dialHost(t, h.addr)
			p.send(get("/"))
			peers = append(peers, p)
		}
		g.until(10)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		uvtest.IsErr(t, "Shutdown", s.Shutdown(ctx), context.DeadlineExceeded)
		uvtest.Check(t, s.Close())
		for _, p := range peers {
			p.gone()
		}
		close(g.open)
		if err := <-h.served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
}

// TestCloseEndsAtOnce closes a server while clients are at every stage.
func TestCloseEndsAtOnce(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		uvtest.Watchdog(t, 2*time.Minute)
		var ended atomic.Int64
		g := newGate()
		h := openHost(s, func(w http.ResponseWriter, r *http.Request) {
			g.n.Add(1)
			switch r.URL.Path {
			case "/context":
				<-r.Context().Done()
			case "/body":
				io.Copy(io.Discard, r.Body)
			case "/write":
				for p := text(32 << 10); ; {
					if _, err := w.Write(p); err != nil {
						break
					}
				}
			case "/stay":
				<-g.open
			}
			ended.Add(1)
		})
		var peers []*peer
		for _, request := range []string{"", "GE", get("/canary"), get("/context"), request("POST", "/body", "Content-Length: 5") + "a", get("/write"), get("/stay")} {
			p := dialHost(t, h.addr)
			p.send(request)
			peers = append(peers, p)
		}
		g.until(4)
		uvtest.Check(t, s.Close())
		for _, p := range peers {
			p.gone()
		}
		wait(func() bool { return ended.Load() == 3 })
		close(g.open)
		if err := <-h.served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
		wait(func() bool { return ended.Load() == 4 })
	})
}

// TestCloseInAHandler ends the server from a handler.
func TestCloseInAHandler(t *testing.T) {
	for name, end := range map[string]func(s *uvhttp.Server) error{
		"close": (*uvhttp.Server).Close,
		"shutdown": func(s *uvhttp.Server) error {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			if s.Shutdown(ctx) == nil {
				return errors.New("Shutdown did not wait for the handler that called it")
			}
			return s.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachInline(t, func(t *testing.T, s *uvhttp.Server) {
				uvtest.Watchdog(t, 2*time.Minute)
				ended := make(chan error, 1)
				h := openHost(s, func(w http.ResponseWriter, r *http.Request) { ended <- end(s) })
				p := dialHost(t, h.addr)
				p.send(get("/"))
				uvtest.Check(t, <-ended)
				if err := <-h.served; !errors.Is(err, http.ErrServerClosed) {
					t.Errorf("Serve: %v", err)
				}
				p.gone()
			})
		})
	}
}
