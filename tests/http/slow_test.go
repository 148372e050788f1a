package http

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// TestSlowloris has 2,000 clients that send a byte of a head now and then. ReadHeaderTimeout ends them all, others are served
// meanwhile, and none of them costs much memory.
func TestSlowloris(t *testing.T) {
	const clients = 2000
	srv := startRemote(t, settings{ReadHeaderTimeout: 3 * time.Second})
	bird := startCanary(t, srv.Addr)
	bird.sings(10)
	before := srv.sample()
	var peers []*peer
	for range clients {
		p := dialHost(t, srv.Addr)
		p.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
		peers = append(peers, p)
	}
	bird.sings(50)
	during := srv.sample()
	per := (int64(during.rss) - int64(before.rss)) / clients
	t.Logf("a connection whose head is not whole costs %d bytes; %d goroutines for %d connections", per, during.goroutines, clients)
	if !uvtest.Instrumented && per > 8<<10 {
		t.Errorf("a connection whose head is not whole costs %d bytes", per)
	}
	var ended atomic.Int64
	var wg sync.WaitGroup
	for _, p := range peers {
		wg.Go(func() {
			defer ended.Add(1)
			p.gone()
		})
	}
	for ended.Load() < clients {
		for _, p := range peers {
			p.send("x")
		}
		bird.sings(1)
	}
	wg.Wait()
	bird.stop()
	if s := srv.sample(); s.running != 0 {
		t.Errorf("%d handlers run for requests that never were whole", s.running)
	}
	srv.End()
}

// TestSlowBodies has bodies come too slowly: ReadTimeout ends the handlers' reads.
func TestSlowBodies(t *testing.T) {
	eachInline(t, func(t *testing.T, s *uvhttp.Server) {
		const clients = 50
		s.ReadTimeout = 300 * time.Millisecond
		var failed atomic.Int64
		h := startHost(t, s, func(w http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(io.Discard, r.Body)
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the body's error is %v", err)
			}
			failed.Add(1)
		})
		var wg sync.WaitGroup
		for i := range clients {
			p := dialHost(t, h.addr)
			p.send(request("POST", "/", []string{"Content-Length: 1000000", "Transfer-Encoding: chunked"}[i%2]))
			p.send([]string{"abc", "3\r\nabc\r\n"}[i%2])
			wg.Go(func() {
				for i%4 < 2 {
					if _, err := p.Write([]byte("1\r\nx\r\n")); err != nil {
						return
					}
					time.Sleep(time.Millisecond)
				}
			})
			wg.Go(p.gone)
		}
		wg.Wait()
		wait(func() bool { return failed.Load() == clients })
	})
}

// TestSlowReaders has 200 clients ask for endless answers and read nothing. The server's memory stays bounded while others
// are served, and WriteTimeout ends the answers.
func TestSlowReaders(t *testing.T) {
	for name, inline := range inlines {
		t.Run(name, func(t *testing.T) {
			const clients = 200
			srv := startRemote(t, settings{WriteTimeout: 5 * time.Second, Inline: inline})
			bird := startCanary(t, srv.Addr)
			bird.sings(10)
			before := srv.sample()
			var peers []*peer
			for range clients {
				p := dialHost(t, srv.Addr)
				p.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
				p.send(get("/endless"))
				peers = append(peers, p)
			}
			wait(func() bool { s := srv.sample(); return s.running+s.failed >= clients })
			bird.sings(50)
			during := srv.sample()
			per := (int64(during.rss) - int64(before.rss)) / clients
			t.Logf("a client that reads nothing costs %d KiB", per>>10)
			if !uvtest.Instrumented && per > 1<<10<<10 {
				t.Errorf("a client that reads nothing costs %d KiB", per>>10)
			}
			wait(func() bool { return srv.sample().failed == clients })
			for _, p := range peers {
				p.Close()
			}
			bird.sings(10)
			bird.stop()
			srv.End()
		})
	}
}

// TestHeadFloods has clients send heads without an end: 431, and the connection ends. Memory stays bounded.
func TestHeadFloods(t *testing.T) {
	for name, line := range map[string]string{
		"many fields":        "X-A: aaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
		"one giant field":    strings.Repeat("a", 1000),
		"many short fields":  "a:\r\n",
		"one giant name":     strings.Repeat("n", 1000),
		"one giant target":   "",
		"giant field, again": strings.Repeat("b", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			const clients = 20
			srv := startRemote(t, settings{})
			bird := startCanary(t, srv.Addr)
			bird.sings(10)
			before := srv.sample()
			var wg sync.WaitGroup
			for range clients {
				p := dialHost(t, srv.Addr)
				wg.Go(func() {
					head, more := "GET / HTTP/1.1\r\nHost: a\r\nX-Giant", line
					switch {
					case line == "":
						head, more = "GET /", strings.Repeat("t", 1000)
					case !strings.Contains(name, "name"):
						head += ": "
					}
					if strings.HasSuffix(line, "\r\n") {
						head += "\r\n"
					}
					sent := make(chan struct{})
					go func() {
						defer close(sent)
						more = strings.Repeat(more, max(1, 64<<10/len(more)))
						for _, err := io.WriteString(p, head); err == nil; {
							_, err = io.WriteString(p, more)
						}
					}()
					r, err := p.answer()
					if err == nil && r.code() != "431" {
						t.Errorf("the answer is %s", r.Status)
					} else if err != nil && !errors.Is(err, syscall.ECONNRESET) && r == nil {
						t.Errorf("no answer: %v", err)
					}
					p.gone()
					<-sent
				})
			}
			wg.Wait()
			bird.sings(10)
			bird.stop()
			after := srv.sample()
			t.Logf("memory: %d KiB, then %d KiB", before.rss>>10, after.rss>>10)
			if !uvtest.Instrumented && after.rss > before.rss+64<<20 {
				t.Errorf("memory grew from %d to %d KiB", before.rss>>10, after.rss>>10)
			}
			srv.End()
		})
	}
}

// TestPipelineFlood has a client send 20,000 requests, with UVGO_LONG=1 100,000, without reading an answer. The server stops reading; its memory stays
// bounded, and then each request is answered in order.
func TestPipelineFlood(t *testing.T) {
	requests := 20_000
	if os.Getenv("UVGO_LONG") == "1" {
		requests = 100_000
	}
	for name, inline := range inlines {
		t.Run(name, func(t *testing.T) {
			srv := startRemote(t, settings{Inline: inline})
			bird := startCanary(t, srv.Addr)
			bird.sings(10)
			before := srv.sample()
			p := dialHost(t, srv.Addr)
			var sent atomic.Int64
			go func() {
				batch := strings.Repeat(request("POST", "/sum", "Content-Length: 3")+"abc", 100)
				for range requests / 100 {
					if _, err := io.WriteString(p, batch); err != nil {
						return
					}
					sent.Add(100)
				}
			}()
			stuck(&sent, int64(requests), bird)
			during := srv.sample()
			t.Logf("memory: %d KiB, then %d KiB behind %d requests", before.rss>>10, during.rss>>10, sent.Load())
			if !uvtest.Instrumented && during.rss > before.rss+32<<20 {
				t.Errorf("memory grew from %d to %d KiB", before.rss>>10, during.rss>>10)
			}
			for i := range requests {
				r, err := p.answer()
				if err != nil || !strings.HasPrefix(r.Body, "3 ba7816bf") {
					t.Fatalf("answer %d: %v %v", i, r, err)
				}
			}
			bird.stop()
			srv.End()
		})
	}
}

// stuck waits until n does not grow any more, while the canary has hundreds of answers, or has reached its end.
func stuck(n *atomic.Int64, end int64, bird *canary) {
	for was := int64(-1); was != n.Load() && was != end; {
		was = n.Load()
		bird.sings(300)
	}
}
