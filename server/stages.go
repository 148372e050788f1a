package server

// The end of a server has stages: it does not listen any more, it has no connection any more, Serve returns.

// StopListening closes the sockets that the server listens on, and those that Serve was given, also for datagrams; connections that wait in their
// queues are reset. Connections that are open go on, and so does Serve, until Shutdown. It does not wait: see
// ListenersClosed. Before Serve, and once Shutdown has begun, it does nothing. Any goroutine may call it.
func (s *Server) StopListening() {
	if s == nil {
		return
	}
	s.mu.Lock()
	serves, workers, given := s.state == serving, s.workers, s.closeGiven
	s.mu.Unlock()
	if !serves {
		return
	}
	go given() // may wait for a loop, and this may be a callback
	for _, w := range workers {
		_ = w.loop.Post(func() { // fails only once the worker has ended
			if !w.draining {
				w.closeListeners()
			}
		})
	}
}

// ListenersClosed returns a channel that is closed when the server no longer listens: Shutdown, or the end
// of Serve, has closed all of its sockets, so that others may listen there. Connections may go on. nil before
// Listen. Any goroutine may call it.
func (s *Server) ListenersClosed() <-chan struct{} {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.silent
}

// ConnsClosed returns a channel that is closed when no connection is open, and none can come any more: Shutdown, or the end of
// Serve, has closed them all, or Detach has taken them away. Functions that were posted to a loop may still be in [uvgo.Loop.Block]: Serve
// and Shutdown return behind them. nil before Listen. Any goroutine may call it.
func (s *Server) ConnsClosed() <-chan struct{} {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.empty
}
