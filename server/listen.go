package server

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/keepalive"
	"github.com/uvgo/uvgo/uv"
)

// A listener is one worker's share of an address.
type listener struct {
	worker *worker
	stream handles.Stream
	addr   net.Addr
	file   socketFile // unix: what to remove at the end
	first  bool       // of its address
	giving bool       // counted in Server.givers
	shed   uint64     // stream.Base().Shed() as far as it is counted
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
	first, err := s.claimTCP(at, opts)
	if err != nil || len(s.workers) == 1 {
		return one(first), err
	}
	ls := one(first)
	at = netip.AddrPortFrom(at.Addr(), first.port())
	for _, w := range s.workers[1:] {
		l, err := w.listenTCP(at, append(opts, handles.ReusePort)...)
		switch {
		case err == nil:
			ls = append(ls, l)
		case errors.Is(err, uv.ENOTSUP):
			first.unshare()
			return ls, nil // first hands its connections out
		default:
			return ls, err
		}
	}
	for _, l := range ls {
		l.spread = true
	}
	return ls, nil
}

// claimTCP makes the first worker's listener. Without Server.ReusePort it has the
// address to itself until it listens, so that one of several servers gets it;
// then the other workers may share it.
func (s *Server) claimTCP(at netip.AddrPort, opts []handles.BindOption) (*listener, error) {
	w := s.workers[0]
	if s.ReusePort {
		return w.listenTCP(at, append(opts, handles.ReusePort)...)
	}
	l, err := w.listenTCP(at, opts...)
	for i := 0; errors.Is(err, uv.EADDRINUSE) && i < claims; i++ {
		time.Sleep(rand.N(2 * time.Millisecond))
		l, err = w.listenTCP(at, opts...)
	}
	if err != nil {
		return nil, err
	}
	l.spread = len(s.workers) == 1
	if l.spread {
		return l, nil
	}
	shared, err := l.share(at, opts)
	if err != nil {
		l.close()
		w.flush()
		return nil, err
	}
	return shared, nil
}

// claims is how many times more a server tries to get an address in use: two that
// begin to listen in the same moment may both be refused by the kernel.
const claims = 4

func one(l *listener) []*listener {
	if l == nil {
		return nil
	}
	l.first = true
	return []*listener{l}
}

// listenTCP makes one listener on the worker's loop.
func (w *worker) listenTCP(at netip.AddrPort, opts ...handles.BindOption) (*listener, error) {
	t, err := w.loop.NewTCP()
	if err != nil {
		return nil, err
	}
	l := &listener{worker: w, stream: t, any: at.Addr().IsUnspecified()}
	if err = t.Bind(at, opts...); err == nil {
		err = t.Listen(w.server.Backlog, func(c *handles.TCP, err error) {
			if err != nil {
				w.refused(l, err)
				return
			}
			w.accept(c, l)
		})
	}
	if err == nil && !w.server.Delay {
		err = t.SetNoDelay(true)
	}
	if err == nil {
		err = w.keepAlive(t)
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

// keepAlive sets the probes of the connections to come: the kernel copies them from
// the listener, so they cost a connection nothing.
func (w *worker) keepAlive(t *handles.TCP) error {
	cfg := keepalive.Config(w.server.KeepAlive, w.server.KeepAliveConfig)
	if !cfg.Enable {
		return nil
	}
	fd, err := t.FD()
	if err != nil {
		return err
	}
	return keepalive.Set(fd, cfg)
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
	if l.giving {
		l.giving = false
		l.worker.server.givers.Add(-1)
		for _, w := range l.worker.server.workers {
			_ = w.loop.Post(w.checkDrained) // behind the connections that were handed over
		}
	}
}
