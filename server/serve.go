package server

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/uvgo/uvgo/uv"
)

// ListenAndServe is Listen and then Serve. The end of ctx also ends the lookup of names.
// EINVAL for a nil ctx.
func (s *Server) ListenAndServe(ctx context.Context, addrs ...string) error {
	if ctx == nil {
		return fmt.Errorf("server: listen and serve: %w", errNilContext)
	}
	if err := s.listen(ctx, addrs); err != nil {
		return err
	}
	return s.Serve(ctx)
}

// Serve serves until Shutdown, and then returns nil; or until ctx ends: then it
// closes all connections at once and returns ctx's error. A handler that ends
// its goroutine (runtime.Goexit) ends the server likewise, with an error. Either
// way every connection's Close callback has run. EINVAL for a nil ctx.
//
// It serves what Listen has bound, and lns: TCP and unix listeners of package net or uvnet, of
// whose sockets it takes duplicates. It closes lns as http.Server does: when Shutdown begins,
// or else when it returns, with whatever error; their Accept must not be called. A listener
// without a descriptor, such as one of crypto/tls, is EINVAL. Connections of each of lns
// go to all loops in turn. Its options remain, but for those that Server sets of its own
// listeners: no delay, keep-alive and the backlog.
func (s *Server) Serve(ctx context.Context, lns ...net.Listener) error {
	given := sync.OnceFunc(func() {
		for _, ln := range lns {
			if ln != nil {
				_ = ln.Close() // it may be closed already
			}
		}
	})
	defer given()
	switch {
	case s == nil:
		return uv.Fail("server: serve", uv.EINVAL)
	case ctx == nil:
		return fmt.Errorf("server: serve: %w", errNilContext)
	case slices.Contains(lns, nil):
		return fmt.Errorf("server: serve: a listener is nil: %w", uv.EINVAL)
	}
	if err := s.adopt(lns); err != nil {
		return err
	}
	s.mu.Lock()
	err := s.serveable()
	if err == nil {
		s.state, s.closeGiven = serving, given
	}
	workers := s.workers
	s.mu.Unlock()
	if err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, len(workers)) // the first is why the others end
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Add(1)
		go w.serve(ctx, func(err error) {
			if err != nil {
				failed <- err
				cancel()
			}
			wg.Done()
		})
	}
	wg.Wait()
	s.mu.Lock()
	s.state = ended
	s.mu.Unlock()
	s.setEmpty()
	close(s.finished)
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// adopt listens on the listeners that Serve was given.
func (s *Server) adopt(lns []net.Listener) error {
	if len(lns) == 0 {
		return nil
	}
	s.mu.Lock()
	err := s.prepare()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	places := make([]place, 0, len(lns))
	for _, ln := range lns {
		var a *adopted
		if a, err = adoptListener(ln); err != nil {
			err = fmt.Errorf("server: serve: %w", err) // not Addr: it may be one that Addr panics on
			break
		}
		places = append(places, place{name: fmt.Sprint(ln.Addr()), adopted: a})
	}
	err = s.bind(places, err)
	closePlaces(places, true)
	return err
}

func (s *Server) serveable() error {
	switch {
	case s.state == serving:
		return errServing
	case s.state >= ending:
		return ErrServerClosed
	case s.state == fresh || len(s.addrs) == 0:
		return errNoListener
	}
	return nil
}
