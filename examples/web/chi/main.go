// Chi is a small JSON service with the router chi. Only the server's type differs from a program on net/http. Try it:
//
//	cd examples/web
//	go run ./chi & # when it says listening:
//	curl -d '{"text":"buy milk"}' http://127.0.0.1:8080/notes
//	curl http://127.0.0.1:8080/notes/1
package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/uvgo/uvgo/examples/web/internal/serve"
	"github.com/uvgo/uvgo/uvhttp"
)

func main() {
	serve.Main(&uvhttp.Server{Handler: router(), ReadHeaderTimeout: 10 * time.Second})
}

func router() http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.Recoverer, middleware.Timeout(5*time.Second))
	n := &notes{texts: make(map[int]string)}
	r.Route("/notes", func(r chi.Router) {
		r.Post("/", n.add)
		r.Get("/{id}", n.read)
	})
	return r
}

// notes keeps texts. Handlers run at the same time, so it has a lock, as with net/http.
type notes struct {
	mu    sync.Mutex
	texts map[int]string
}

type note struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

func (n *notes) add(w http.ResponseWriter, r *http.Request) {
	var in note
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n.mu.Lock()
	in.ID = len(n.texts) + 1
	n.texts[in.ID] = in.Text
	n.mu.Unlock()
	answer(w, http.StatusCreated, in)
}

func (n *notes) read(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(chi.URLParam(r, "id"))
	n.mu.Lock()
	text, ok := n.texts[id]
	n.mu.Unlock()
	if !ok {
		http.Error(w, "no such note", http.StatusNotFound)
		return
	}
	answer(w, http.StatusOK, note{id, text})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
