package server

import (
	"context"
	"fmt"
	"time"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// callbackWait is how much longer Shutdown waits, when its context has ended, for the
// callback that runs and for the callbacks of Close.
const callbackWait = 200 * time.Millisecond

// Shutdown ends the server gracefully. It accepts the connections that wait in the listeners' queues, stops
// listening, reads what has arrived, and closes each connection as
// Close does: connections without work under way now, the others when their work is done.
// Work is under way from Data until the next Write, while a Drainer waits for Drain, and from
// Hold until Release. So a request that was sent whole before Shutdown is answered. After CloseTimeout only Hold delays the close. When all connections have
// ended, Serve returns, and then Shutdown. A Serve that begins later returns ErrServerClosed.
//
// When ctx ends, Shutdown closes the remaining connections at once, and returns ctx's error. A
// callback that does not return keeps its loop's connections and Serve from ending.
// Shutdown then returns all the same, with an error that says so. Connections that Detach has taken away stay open.
//
// ETIMEDOUT if CloseTimeout closed a connection with bytes unsent. EINVAL for a nil ctx. In a
// handler's callback Shutdown would wait for itself: it begins, returns at once an error that
// errors.Is matches with uv.ErrInCallback, and the server ends by itself, or when ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	if s == nil {
		return uv.Fail("server: shutdown", uv.EINVAL)
	}
	if ctx == nil {
		return fmt.Errorf("server: shutdown: %w", errNilContext)
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
		go s.closeGiven() // may wait for a loop, and this may be a callback
	}
	workers := s.workers
	s.mu.Unlock()

	for _, w := range workers {
		_ = w.loop.Post(w.drain) // fails only once the worker has ended
	}
	for _, w := range workers {
		if err := core.Of(w.loop).CheckWait("server: shutdown"); err != nil {
			go func() { _ = s.conclude(ctx, workers) }()
			return err
		}
	}
	return s.conclude(ctx, workers)
}

// conclude waits until the workers have drained or ctx has ended, and ends them.
func (s *Server) conclude(ctx context.Context, workers []*worker) error {
	err := s.await(ctx, workers)
	for _, w := range workers {
		w.stop()
	}
	if !s.ends(ctx) {
		busy := 0
		for _, w := range workers {
			if !w.ended.Load() {
				busy++
			}
		}
		return fmt.Errorf("server: %d of %d loops are in a callback that does not return: %w", busy, len(workers), ctx.Err())
	}
	var cut uint64
	for _, w := range workers {
		cut += w.cut.Load()
	}
	if err == nil && cut > 0 {
		return fmt.Errorf("server: %d connections were closed with bytes unsent: %w", cut, uv.ETIMEDOUT)
	}
	return err
}

// ends waits for the end of Serve, and tells whether it has come.
func (s *Server) ends(ctx context.Context) bool {
	select {
	case <-s.finished:
		return true
	case <-ctx.Done():
	}
	t := time.NewTimer(callbackWait)
	defer t.Stop()
	select {
	case <-s.finished:
		return true
	case <-t.C:
		return false
	}
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
