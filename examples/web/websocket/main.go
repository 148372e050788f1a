// Websocket echoes messages of WebSockets, at /coder with the library coder/websocket and at /gorilla with
// gorilla/websocket. Both take the connection over by http.Hijacker: then it is a net.Conn of uvnet. Try it with
// any client, such as websocat:
//
//	cd examples/web
//	go run ./websocket & # when it says listening:
//	websocat ws://127.0.0.1:8080/coder
package main

import (
	"context"
	"io"
	"net/http"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"

	"github.com/uvgo/uvgo/examples/web/internal/serve"
	"github.com/uvgo/uvgo/uvhttp"
)

// maxMessage bounds what a client may send at once.
const maxMessage = 16 << 20

func main() {
	// Shutdown leaves WebSockets alone, as with net/http: they end by this context.
	ctx, cancel := context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("/coder", func(w http.ResponseWriter, r *http.Request) { echoCoder(ctx, w, r) })
	mux.HandleFunc("/gorilla", func(w http.ResponseWriter, r *http.Request) { echoGorilla(ctx, w, r) })
	s := &uvhttp.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.RegisterOnShutdown(cancel)
	serve.Main(s)
}

func echoCoder(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	c, err := coder.Accept(w, r, nil)
	if err != nil { // Accept has answered
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(maxMessage)
	for {
		kind, message, err := c.Read(ctx)
		if err != nil {
			return
		}
		if err := c.Write(ctx, kind, message); err != nil {
			return
		}
	}
}

var upgrader gorilla.Upgrader

func echoGorilla(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil { // Upgrade has answered
		return
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	c.SetReadLimit(maxMessage)
	for {
		kind, message, err := c.NextReader()
		if err != nil {
			return
		}
		out, err := c.NextWriter(kind)
		if err != nil {
			return
		}
		if _, err := io.Copy(out, message); err != nil || out.Close() != nil {
			return
		}
	}
}
