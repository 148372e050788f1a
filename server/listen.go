package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// A listener is one worker's share of an address.
type listener struct {
	worker *worker
	stream handles.Stream
	addr   net.Addr
	file   socketFile // unix: what to remove at the end
	first  bool       // of its address
	spread bool       // connections stay with the worker that accepted them
	any    bool       // bound to every interface: connections differ in their address
}

// listen makes the listeners of one address.
func (s *Server) listen(addr string) ([]*listener, error) {
	network, rest, ok := strings.Cut(addr, "://")
	if !ok {
		return nil, fmt.Errorf("want tcp://host:port or unix:///path: %w", uv.EINVAL)
	}
	switch network {
	case "tcp", "tcp4", "tcp6":
		return s.listenTCP(network, rest)
	case "unix":
		return s.listenUnix(rest)
	}
	return nil, fmt.Errorf("unknown network %q: want tcp or unix: %w", network, uv.EINVAL)
}

// listenTCP makes one listener a worker where the system spreads connections by
// SO_REUSEPORT, and a single one that hands them out elsewhere.
func (s *Server) listenTCP(network, hostport string) ([]*listener, error) {
	at, err := resolveTCP(network, hostport)
	if err != nil {
		return nil, err
	}
	var opts []handles.BindOption
	if network == "tcp6" {
		opts = append(opts, handles.IPv6Only)
	}
	first := s.workers[0]
	if len(s.workers) == 1 {
		l, err := first.listenTCP(at, true, opts...)
		return one(l), err
	}
	// Sharing a port would hide that another server of this user has it, so a
	// listener that does not share looks first. A port that the kernel chooses is
	// nobody else's.
	if at.Port() != 0 {
		l, err := first.listenTCP(at, false, opts...)
		if err != nil {
			return nil, err
		}
		l.close()
	}
	var ls []*listener
	for _, w := range s.workers {
		l, err := w.listenTCP(at, true, append(opts, handles.ReusePort)...)
		if errors.Is(err, uv.ENOTSUP) && len(ls) == 0 {
			l, err = first.listenTCP(at, false, opts...)
			return one(l), err
		}
		if err != nil {
			return ls, err
		}
		l.first = len(ls) == 0
		at = netip.AddrPortFrom(at.Addr(), l.port())
		ls = append(ls, l)
	}
	return ls, nil
}

func one(l *listener) []*listener {
	if l == nil {
		return nil
	}
	l.first = true
	return []*listener{l}
}

// listenTCP makes one listener on the worker's loop.
func (w *worker) listenTCP(at netip.AddrPort, spread bool, opts ...handles.BindOption) (*listener, error) {
	t, err := w.loop.NewTCP()
	if err != nil {
		return nil, err
	}
	l := &listener{worker: w, stream: t, spread: spread, any: at.Addr().IsUnspecified()}
	if err = t.Bind(at, opts...); err == nil {
		err = t.Listen(w.server.Backlog, func(c *handles.TCP, err error) {
			if err != nil {
				w.server.Logger.Warn("server: accept", "error", err)
				return
			}
			w.accept(c, l)
		})
	}
	if err == nil && !w.server.Delay {
		err = t.SetNoDelay(true)
	}
	var local netip.AddrPort
	if err == nil {
		local, err = t.LocalAddr()
	}
	if err != nil {
		t.Close()
		w.flush()
		return nil, err
	}
	l.addr = net.TCPAddrFromAddrPort(local)
	return l, nil
}

// port returns the port of a TCP listener.
func (l *listener) port() uint16 { return uint16(l.addr.(*net.TCPAddr).Port) }

// remote returns the address of a new connection's peer, which costs no crossing
// for one that the listener has just accepted.
func remote(s handles.Stream) netip.AddrPort {
	if t, ok := s.(*handles.TCP); ok {
		if a, err := t.RemoteAddr(); err == nil { // a peer that has gone already may have none
			return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
		}
	}
	return netip.AddrPort{}
}

// openStream makes a handle of a descriptor that another worker accepted.
func (l *listener) openStream(loop *uvgo.Loop, fd uintptr) (handles.Stream, error) {
	if l.addr.Network() == "unix" {
		p, err := loop.NewPipe()
		if err != nil {
			return nil, err
		}
		if err := p.Open(fd); err != nil {
			p.Close()
			return nil, err
		}
		return p, nil
	}
	t, err := loop.NewTCP()
	if err != nil {
		return nil, err
	}
	if err := t.Open(fd); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// close stops listening and removes a unix socket's file if it is still ours.
func (l *listener) close() {
	l.file.remove()
	_ = l.stream.Close()
}
