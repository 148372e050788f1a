package http

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvhttp"
)

// crowd is how many clients have a handler block at once.
const crowd = 50

// TestBlockingHandlers has handlers of a loop's connections wait in every way. Meanwhile another
// connection of the same loop is served, and those that waited answer in the end.
func TestBlockingHandlers(t *testing.T) {
	for name, block := range map[string]func(g *gate){
		"a channel": func(g *gate) { g.pass() },
		"a sleep, again and again": func(g *gate) {
			g.n.Add(1)
			for !g.opened() {
				time.Sleep(3 * time.Millisecond)
			}
		},
		"yields": func(g *gate) {
			g.n.Add(1)
			for !g.opened() {
				runtime.Gosched()
			}
		},
		"a mutex": func() func(g *gate) {
			var mu sync.Mutex
			return func(g *gate) {
				g.n.Add(1)
				mu.Lock()
				defer mu.Unlock()
				<-g.open
			}
		}(),
		"a select with a timer": func(g *gate) {
			g.n.Add(1)
			for {
				select {
				case <-g.open:
					return
				case <-time.After(time.Millisecond):
				}
			}
		},
		"goroutines of its own": func(g *gate) {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { <-g.open })
			}
			g.n.Add(1)
			wg.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachInline(t, func(t *testing.T, s *uvhttp.Server) {
				g := newGate()
				h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
					block(g)
					fmt.Fprint(w, "at last ", r.URL.RawQuery)
				})
				crowded(t, h, g)
			})
		})
	}
}

// opened reports whether the gate is open.
func (g *gate) opened() bool {
	select {
	case <-g.open:
		return true
	default:
		return false
	}
}

// crowded has a crowd ask for what waits for the gate, a canary sing meanwhile, and all answers arrive once the gate
// opens.
func crowded(t *testing.T, h *host, g *gate) {
	bird := startCanary(t, h.addr)
	var wg sync.WaitGroup
	for i := range crowd {
		p := dialHost(t, h.addr)
		wg.Go(func() {
			for range 2 {
				if got, want := p.ask(t, get(fmt.Sprint("/bad?", i)), "200"), fmt.Sprint("at last ", i); got != want {
					t.Errorf("the answer is %q, want %q", got, want)
				}
			}
		})
	}
	g.until(crowd)
	bird.sings(100)
	close(g.open)
	wg.Wait()
	bird.sings(100)
	bird.stop()
}

// TestBlockingHandlersCompute has handlers that need the processor and never wait.
func TestBlockingHandlersCompute(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		g := newGate()
		var sum atomic.Int64
		h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
			g.n.Add(1)
			n := int64(0)
			for !g.opened() {
				for range 1000 {
					n += n>>1 ^ 7
				}
			}
			sum.Add(n)
		})
		bird := startCanary(t, h.addr)
		var wg sync.WaitGroup
		for range 2 {
			p := dialHost(t, h.addr)
			wg.Go(func() { p.ask(t, get("/bad"), "200") })
		}
		g.until(2)
		bird.sings(20)
		close(g.open)
		wg.Wait()
		bird.stop()
	})
}

// TestBlockingHandlersAskTheirServer has the handlers of one loop wait for other handlers of the same loop, which
// wait for each other.
func TestBlockingHandlersAskTheirServer(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		g, inner := newGate(), make(chan *host, 1)
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowd}}
		defer client.CloseIdleConnections()
		h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/inner" {
				g.pass()
				io.WriteString(w, "at last "+r.URL.RawQuery)
				return
			}
			h := <-inner
			inner <- h
			resp, err := client.Get(h.url("/inner?" + r.URL.RawQuery))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			io.Copy(w, resp.Body)
		})
		inner <- h
		crowded(t, h, g)
	})
}

// TestBlockingHandlersOfBodies has handlers read bodies that do not come, and write to clients that do not read. When
// the clients leave, they end.
func TestBlockingHandlersOfBodies(t *testing.T) {
	for name, tt := range map[string]struct {
		request string
		do      func(w http.ResponseWriter, r *http.Request) error
	}{
		"a body that does not come": {request("POST", "/bad", "Content-Length: 10") + "abc", func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.Copy(io.Discard, r.Body)
			return err
		}},
		"a chunked body that does not come": {request("POST", "/bad", "Transfer-Encoding: chunked") + "3\r\nabc\r\n", func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.Copy(io.Discard, r.Body)
			return err
		}},
		"a client that does not read": {get("/bad"), func(w http.ResponseWriter, r *http.Request) (err error) {
			for p := text(32 << 10); err == nil; {
				_, err = w.Write(p)
			}
			return err
		}},
		"a client that does not read, flushed": {get("/bad"), func(w http.ResponseWriter, r *http.Request) (err error) {
			for rc, p := http.NewResponseController(w), text(8<<10); err == nil; {
				w.Write(p)
				err = rc.Flush()
			}
			return err
		}},
		"the end of the context": {get("/bad"), func(w http.ResponseWriter, r *http.Request) error {
			<-r.Context().Done()
			return context.Cause(r.Context())
		}},
		"the end of the context behind a body": {request("POST", "/bad", "Content-Length: 3") + "abc", func(w http.ResponseWriter, r *http.Request) error {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return context.Cause(r.Context())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			eachInline(t, func(t *testing.T, s *uvhttp.Server) {
				var entered, left atomic.Int64
				h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
					entered.Add(1)
					defer left.Add(1)
					if err := tt.do(w, r); err == nil {
						t.Error("the handler has seen no error")
					}
				})
				bird := startCanary(t, h.addr)
				var peers []*peer
				for range crowd {
					p := dialHost(t, h.addr)
					p.send(tt.request)
					peers = append(peers, p)
				}
				wait(func() bool { return entered.Load() == crowd })
				bird.sings(100)
				if left.Load() != 0 {
					t.Errorf("%d handlers ended while their clients were there", left.Load())
				}
				for i, p := range peers {
					if i%2 == 0 {
						p.Close()
					} else {
						kit.Reset(p.Conn)
					}
				}
				wait(func() bool { return left.Load() == crowd })
				bird.sings(10)
				bird.stop()
			})
		})
	}
}

// TestBlockingHandlersEndBadly has many handlers panic, abort and end their goroutine, some behind a wait. Others are
// served, and the log names the panics.
func TestBlockingHandlersEndBadly(t *testing.T) {
	for name, s := range map[string]*uvhttp.Server{"auto": {Loops: 1}, "never": {Loops: 1, Inline: uvhttp.Never}, "always": {Loops: 1, Inline: uvhttp.Always}} {
		t.Run(name, func(t *testing.T) {
			h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("wait") && s.Inline != uvhttp.Always {
					time.Sleep(5 * time.Millisecond)
				}
				switch r.URL.Path {
				case "/panic":
					panic("as the test wants")
				case "/abort":
					panic(http.ErrAbortHandler)
				case "/exit":
					runtime.Goexit()
				}
			})
			bird := startCanary(t, h.addr)
			var wg sync.WaitGroup
			for _, path := range []string{"/panic", "/panic?wait", "/abort", "/abort?wait", "/exit", "/exit?wait"} {
				for range 20 {
					p := dialHost(t, h.addr)
					wg.Go(func() {
						p.send(get(path))
						if r, err := p.answer(); err == nil {
							t.Errorf("%s: the answer is %s", path, r.Status)
						}
					})
				}
			}
			wg.Wait()
			bird.sings(10)
			bird.stop()
			if got := strings.Count(h.log.String(), "panic serving"); got != 40 {
				t.Errorf("the log names %d panics, want 40", got)
			}
		})
	}
}
