package server

import (
	"context"
	"sync"

	"github.com/uvgo/uvgo/uv"
)

// ListenAndServe is Listen and then Serve. The end of ctx also ends the lookup of names.
// EINVAL for a nil ctx.
func (s *Server) ListenAndServe(ctx context.Context, addrs ...string) error {
	if ctx == nil {
		return uv.Fail("server: listen and serve", uv.EINVAL)
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
func (s *Server) Serve(ctx context.Context) error {
	if s == nil || ctx == nil {
		return uv.Fail("server: serve", uv.EINVAL)
	}
	s.mu.Lock()
	err := s.serveable()
	if err == nil {
		s.state = serving
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
		wg.Go(func() {
			err := errGoexit
			defer func() {
				if err != nil {
					failed <- err
					cancel()
				}
			}()
			err = w.serve(ctx)
		})
	}
	wg.Wait()
	s.mu.Lock()
	s.state = ended
	s.mu.Unlock()
	close(s.finished)
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
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
