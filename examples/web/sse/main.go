// Sse sends events to browsers (Server-Sent Events): thousands of streams that are idle most of the time. Try it:
//
//	cd examples/web
//	go run ./sse & # when it says listening:
//	curl -N http://127.0.0.1:8080/events &
//	curl -d 'hello, all' http://127.0.0.1:8080/publish
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/uvgo/uvgo/examples/web/internal/serve"
	"github.com/uvgo/uvgo/uvhttp"
)

func main() {
	h := &hub{streams: make(map[chan string]bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", h.events)
	mux.HandleFunc("POST /publish", h.publish)

	// A stream never ends by itself, so Shutdown ends the context from which those of the requests come.
	ctx, cancel := context.WithCancel(context.Background())
	s := &uvhttp.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.RegisterOnShutdown(cancel)
	serve.Main(s)
}

// A hub gives each event to all streams.
type hub struct {
	mu      sync.Mutex
	streams map[chan string]bool
}

// backlog is how many events a slow client may be behind. One that is further behind loses events.
const backlog = 16

// events is a stream. It waits without holding up anything: a handler that waits gets a goroutine.
func (h *hub) events(w http.ResponseWriter, r *http.Request) {
	events := make(chan string, backlog)
	h.mu.Lock()
	h.streams[events] = true
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams, events)
	}()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	ping := time.NewTicker(20 * time.Second) // keeps proxies from closing a stream that is idle
	defer ping.Stop()
	text := ": welcome\n\n"
	for {
		if _, err := io.WriteString(w, text); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done(): // the client has gone, or the server ends
			return
		case <-ping.C:
			text = ": ping\n\n"
		case event := <-events:
			text = "data: " + strings.ReplaceAll(event, "\n", "\ndata: ") + "\n\n"
		}
	}
}

// publish gives the body to all streams.
func (h *hub) publish(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for events := range h.streams {
		select {
		case events <- string(body):
		default: // it is too far behind
		}
	}
	fmt.Fprintf(w, "sent to %d streams\n", len(h.streams))
}
