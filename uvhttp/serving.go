package uvhttp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/uvgo/uvgo/server"
)

// lookEvery is how often Serve looks whether somebody else has closed its listener. Nothing tells of that: the loops have a duplicate
// of the socket, which goes on.
const lookEvery = 100 * time.Millisecond

// serve serves until Shutdown or Close has begun, or the listener was closed.
func (e *engine) serve() error {
	ended := make(chan error, 1)
	go func() {
		err := e.inner.Serve(context.Background())
		e.ended()
		ended <- err
	}()
	look := &time.Ticker{} // never
	if e.given != nil {
		look = time.NewTicker(lookEvery)
		defer look.Stop()
	}
	for {
		select {
		case <-e.begun:
			e.awaitSilence(ended)
			return http.ErrServerClosed
		case err := <-ended:
			select {
			case <-e.begun:
				return http.ErrServerClosed
			default:
			}
			if err == nil || errors.Is(err, server.ErrServerClosed) {
				err = http.ErrServerClosed
			}
			return err
		case <-look.C:
			if err := e.listenerError(); err != nil {
				e.inner.StopListening()
				e.awaitSilence(ended)
				go e.awaitLast()
				return err
			}
		}
	}
}

// awaitSilence waits until the sockets are closed: whoever waits for Serve may listen at the address then.
func (e *engine) awaitSilence(ended <-chan error) {
	select {
	case <-e.inner.ListenersClosed():
	case <-ended: //nolint:errcheck // the server has been ended: that is the error
	case <-e.ends:
	}
}

// listenerError is the error that Accept of the given listener would return when somebody else has closed it, as net/http's Serve
// returns it; nil while it is open, and when it was closed by Shutdown or Close.
func (e *engine) listenerError() error {
	err := e.raw.Control(func(uintptr) {})
	if err == nil {
		return nil
	}
	select {
	case <-e.begun:
		return nil
	default:
	}
	e.deaf.Store(true)
	at := e.given.Addr()
	return &net.OpError{Op: "accept", Net: at.Network(), Addr: at, Err: net.ErrClosed}
}

// awaitLast ends the loops of a closed listener when they have no connection any more. Until then Shutdown and Close may end them.
func (e *engine) awaitLast() {
	look := time.NewTicker(10 * lookEvery)
	defer look.Stop()
	for e.inner.Stats().Conns > 0 {
		select {
		case <-e.begun:
			return
		case <-look.C:
		}
	}
	_ = e.inner.Shutdown(context.Background())
	if !e.http2.started.Load() { // nothing is left that Shutdown could end
		e.srv.remove(e)
	}
}

// forget forgets an engine whose Serve returns, unless Shutdown and Close may still need it.
func (s *Server) forget(e *engine) {
	select {
	case <-e.begun:
	default:
		if !e.deaf.Load() {
			s.remove(e)
		}
	}
}

func (s *Server) remove(e *engine) {
	s.mu.Lock()
	if _, known := s.engines[e]; known {
		e.addTo(&s.past)
	}
	delete(s.engines, e)
	s.mu.Unlock()
}
