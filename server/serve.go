package server

import (
	"context"
	"fmt"
	"sync"

	"github.com/uvgo/uvgo/uv"
)

// ListenAndServe is Listen and then Serve.
func (s *Server) ListenAndServe(ctx context.Context, addrs ...string) error {
	if err := s.Listen(addrs...); err != nil {
		return err
	}
	return s.Serve(ctx)
}

// Serve serves until Shutdown, and then returns nil; or until ctx ends: then it
// closes all connections at once and returns ctx's error. A handler that ends
// its goroutine (runtime.Goexit) ends the server likewise, with an error. Either
// way every connection's Close callback has run.
func (s *Server) Serve(ctx context.Context) error {
	if s == nil {
		return uv.Check("server: serve", int(uv.EINVAL))
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

// Shutdown ends the server in good order: it stops listening, sends what is
// queued on every connection, ends our side and waits, CloseTimeout at most,
// for the peer to end its own; what arrives meanwhile is dropped. When ctx ends
// it closes the rest at once and returns ctx's error. ETIMEDOUT if bytes were
// still unsent when CloseTimeout cut their connection. Serve then returns; one
// that has not begun returns ErrServerClosed. Not for the loops' own goroutines:
// a handler calls it on another.
func (s *Server) Shutdown(ctx context.Context) error {
	if s == nil {
		return uv.Check("server: shutdown", int(uv.EINVAL))
	}
	s.mu.Lock()
	switch s.state {
	case fresh, bound:
		s.discard()
		s.state = ended
		s.mu.Unlock()
		return nil
	case ended:
		s.mu.Unlock()
		return nil
	case serving:
		s.state = ending
	}
	workers := s.workers
	s.mu.Unlock()

	for _, w := range workers {
		_ = w.loop.Post(w.drain) // fails only once the worker has ended
	}
	err := s.await(ctx, workers)
	for _, w := range workers {
		w.stop()
	}
	<-s.finished
	var cut uint64
	for _, w := range workers {
		cut += w.cut.Load()
	}
	if err == nil && cut > 0 {
		return fmt.Errorf("server: %d connections were cut with bytes unsent: %w", cut, uv.ETIMEDOUT)
	}
	return err
}

// await waits until the workers have drained, the server has ended, or ctx has.
func (s *Server) await(ctx context.Context, workers []*worker) error {
	for _, w := range workers {
		select {
		case <-w.drained:
		case <-s.finished:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
