package server

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// Listen binds to addresses such as "tcp://127.0.0.1:8888", "tcp://:0" or
// "unix:///run/x.sock": to all of them or, with an error that names the address,
// to none. A unix socket that nobody listens on any more is replaced; any other
// file in its place is EADDRINUSE. It may be called again until Serve. The lookup of a
// name has no time limit; that of ListenAndServe ends with its context.
func (s *Server) Listen(addrs ...string) error {
	return s.listen(context.Background(), addrs)
}

// listen is Listen. What may take long, which is looking names up and waiting for other
// servers that bind unix sockets, is done without the lock: Addrs, Stats and Shutdown do
// not wait for it.
func (s *Server) listen(ctx context.Context, addrs []string) error {
	if s == nil {
		return uv.Fail("server: listen", uv.EINVAL)
	}
	s.mu.Lock()
	err := s.prepare()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	places, err := s.locate(ctx, addrs)
	defer closePlaces(places)

	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = s.prepare() // again: another call may have failed, or ended the server
	}
	var made []*listener
	for i := 0; err == nil && i < len(places); i++ {
		var ls []*listener
		if ls, err = s.listenAt(&places[i]); err != nil {
			err = fmt.Errorf("server: listen on %s: %w", places[i].name, err)
		}
		made = append(made, ls...)
	}
	if err != nil {
		s.undo(made)
		return err
	}
	for _, l := range made {
		l.worker.listeners = append(l.worker.listeners, l)
		if l.distributes = !l.spread; l.distributes {
			s.distributors.Add(1)
		}
		if l.first {
			s.addrs = append(s.addrs, l.addr)
		}
	}
	return nil
}

// undo closes listeners of a Listen that failed, and the loops if nothing else
// uses them.
func (s *Server) undo(made []*listener) {
	for _, l := range made {
		l.close()
	}
	if s.state == bound && len(s.addrs) == 0 {
		s.discard()
		s.state = fresh
		return
	}
	if len(made) > 0 {
		for _, w := range s.workers {
			w.flush()
		}
	}
}

// A place is where to listen.
type place struct {
	name    string // as it was given to Listen
	network string
	tcp     netip.AddrPort
	unix    *unixSocket // nil for TCP, and once a listener has it
}

// locate turns addresses into places.
func (s *Server) locate(ctx context.Context, addrs []string) ([]place, error) {
	var places []place
	for _, a := range addrs {
		p, err := s.locateOne(ctx, a)
		if err != nil {
			return places, fmt.Errorf("server: listen on %s: %w", a, err)
		}
		places = append(places, p)
	}
	return places, nil
}

func (s *Server) locateOne(ctx context.Context, addr string) (p place, err error) {
	network, rest, ok := strings.Cut(addr, "://")
	if !ok {
		return p, fmt.Errorf("want tcp://host:port or unix:///path: %w", uv.EINVAL)
	}
	p.name, p.network = addr, network
	switch network {
	case "tcp", "tcp4", "tcp6":
		p.tcp, err = resolveTCP(ctx, network, rest)
	case "unix":
		p.unix, err = bindUnix(rest, s.Backlog)
	default:
		err = fmt.Errorf("unknown network %q: want tcp or unix: %w", network, uv.EINVAL)
	}
	return p, err
}

// closePlaces closes the unix sockets that no listener has.
func closePlaces(places []place) {
	for _, p := range places {
		if p.unix != nil {
			p.unix.close()
		}
	}
}

// listenAt makes the listeners of one place.
func (s *Server) listenAt(p *place) ([]*listener, error) {
	if p.unix == nil {
		return s.listenTCP(p.network, p.tcp)
	}
	l, err := s.listenUnix(p.unix)
	if err != nil {
		return nil, err
	}
	p.unix = nil
	return one(l), nil
}

// A listener is one worker's share of an address.
type listener struct {
	worker      *worker
	stream      handles.Stream
	addr        net.Addr
	file        socketFile // unix: what to remove at the end
	first       bool       // of its address
	distributes bool       // counted in Server.distributors
	closed      uint64     // connections closed for lack of descriptors, as far as they are counted
	spread      bool       // connections stay with the worker that accepted them
	any         bool       // bound to every interface: connections differ in their address
}

// one is the listeners of an address that has one so far, or none.
func one(l *listener) []*listener {
	if l == nil {
		return nil
	}
	l.first = true
	return []*listener{l}
}

// close stops listening and removes a unix socket's file if it is still ours.
func (l *listener) close() {
	l.file.remove()
	_ = l.stream.Close() // fails only on another goroutine
	if l.distributes {
		l.distributes = false
		l.worker.server.distributors.Add(-1)
		for _, w := range l.worker.server.workers {
			_ = w.loop.Post(w.checkDrained) // behind the connections that were handed over; fails once the loop has ended
		}
	}
}

// A unixSocket is a socket that listens at a path.
type unixSocket struct {
	fd   int
	path string
	file socketFile
}

// close closes the socket and removes its file.
func (u *unixSocket) close() {
	u.file.remove()
	_ = unix.Close(u.fd)
}
