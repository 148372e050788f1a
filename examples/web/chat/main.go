// Chat is a chat room over WebSockets, for browsers, with the library coder/websocket: a message goes to everybody.
// A client that does not read fast enough is left out instead of holding the others up. Try it: open the page in two
// windows.
//
//	cd examples/web
//	go run ./chat # and open http://127.0.0.1:8080/
package main

import (
	"context"
	_ "embed"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/uvgo/uvgo/examples/web/internal/serve"
	"github.com/uvgo/uvgo/uvhttp"
)

const (
	maxMessage   = 4 << 10
	maxWaiting   = 64               // messages that a client may be behind
	writeTimeout = 10 * time.Second // for a message
)

//go:embed page.html
var page []byte

func main() {
	// Shutdown leaves WebSockets alone, as with net/http: they end by this context.
	ctx, cancel := context.WithCancel(context.Background())
	r := &room{members: make(map[*member]bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	})
	mux.HandleFunc("GET /chat", func(w http.ResponseWriter, req *http.Request) {
		c, err := websocket.Accept(w, req, nil) // refuses pages of other sites
		if err != nil {                         // Accept has answered
			return
		}
		r.serve(ctx, c)
	})
	s := &uvhttp.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.RegisterOnShutdown(cancel)
	serve.Main(s)
}

// A room knows who is in it.
type room struct {
	mu      sync.Mutex
	members map[*member]bool
}

// A member has what waits to be sent to it.
type member struct {
	waiting chan []byte
	leave   context.CancelFunc // closes the connection
}

// serve lets a connection take part until it ends. Another goroutine writes, so that reading goes on.
func (r *room) serve(ctx context.Context, c *websocket.Conn) {
	defer c.CloseNow()
	c.SetReadLimit(maxMessage)
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	m := &member{make(chan []byte, maxWaiting), leave}
	r.set(m, true)
	defer r.set(m, false)
	go m.write(ctx, c)
	for {
		kind, text, err := c.Read(ctx)
		if err != nil {
			return
		}
		if kind == websocket.MessageText {
			r.send(text)
		}
	}
}

func (r *room) set(m *member, in bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if in {
		r.members[m] = true
	} else {
		delete(r.members, m)
	}
}

// send gives a message to everybody, in the same order. It never waits: who is too far behind leaves, without a
// closing handshake, which would have to wait, too.
func (r *room) send(text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for m := range r.members {
		select {
		case m.waiting <- text:
		default:
			m.leave()
		}
	}
}

// write sends what comes for a member until ctx ends.
func (m *member) write(ctx context.Context, c *websocket.Conn) {
	defer m.leave()
	for {
		select {
		case text := <-m.waiting:
			wait, cancel := context.WithTimeout(ctx, writeTimeout)
			err := c.Write(wait, websocket.MessageText, text)
			cancel()
			if err != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
