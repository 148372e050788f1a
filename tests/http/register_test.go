package http

import (
	"net"
	"net/http"
	"sync"
)

// A register notes what ConnState is told, connection by connection.
type register struct {
	mu    sync.Mutex
	all   map[net.Conn][]http.ConnState
	ended chan []http.ConnState // of each connection that was closed or hijacked
}

// newRegister makes one, and has the server tell it.
func newRegister(s *http.Server) *register {
	r := &register{all: make(map[net.Conn][]http.ConnState), ended: make(chan []http.ConnState, 100)}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all[c] = append(r.all[c], state)
		if state == http.StateClosed || state == http.StateHijacked {
			r.ended <- r.all[c]
		}
	}
	return r
}

// met waits until it has been told of a connection.
func (r *register) met() {
	wait(func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.all) > 0
	})
}
