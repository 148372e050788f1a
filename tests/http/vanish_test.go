package http

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvhttp"
)

// TestClientsVanish has clients leave at every byte of a request, and at many of an answer, with a reset or an orderly
// end. The server survives, no handler stays, and others are served.
func TestClientsVanish(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		var running sync.WaitGroup
		h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			defer running.Done()
			io.Copy(io.Discard, r.Body)
			w.Write(text(300_000))
			w.(http.Flusher).Flush()
			w.Write(text(10))
		})
		bird := startCanary(t, h.addr)
		requests := []string{
			request("POST", "/x", "Content-Length: 20") + string(text(20)),
			request("POST", "/x", "Transfer-Encoding: chunked") + chunks(string(text(20)), 7),
			get("/canary") + get("/x") + get("/canary"),
			request("POST", "/x", "Expect: 100-continue", "Content-Length: 3") + "abc",
		}
		gate := make(chan struct{}, 64)
		var wg sync.WaitGroup
		vanish := func(sent string, read int64, reset bool) {
			gate <- struct{}{}
			wg.Go(func() {
				defer func() { <-gate }()
				c, err := net.Dial("tcp", h.addr.String())
				if err != nil {
					t.Error(err)
					return
				}
				io.WriteString(c, sent)
				io.CopyN(io.Discard, c, read)
				if reset {
					kit.Reset(c)
				}
				c.Close()
			})
		}
		for _, r := range requests {
			for i := range len(r) {
				vanish(r[:i+1], 0, i%2 == 0)
			}
			for _, n := range []int64{1, 17, 100, 1000, 4096, 5000, 65_536, 100_000, 299_000, 300_000} {
				vanish(r, n, true)
				vanish(r, n, false)
			}
		}
		wg.Wait()
		bird.sings(10)
		bird.stop()
		running.Wait()
	})
}

// TestHalfClosedClients has many clients end their side behind a request and read the answer then.
func TestHalfClosedClients(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		g := newGate()
		h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			g.pass()
			w.Write(text(int(n) * 1000))
		})
		var peers []*peer
		for range crowd {
			p := dialHost(t, h.addr)
			p.send(request("POST", "/x", "Content-Length: 200") + string(text(200)))
			p.Conn.(*net.TCPConn).CloseWrite()
			peers = append(peers, p)
		}
		g.until(crowd)
		close(g.open)
		for _, p := range peers {
			if r, err := p.answer(); err != nil || r.Body != shown(text(200_000)) {
				t.Errorf("the answer is %v, %v", r, err)
			}
			p.gone()
		}
	})
}
