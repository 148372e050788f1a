package server

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// listenTCP makes one listener a worker where the system spreads connections by
// SO_REUSEPORT, and a single one that distributes them elsewhere.
func (s *Server) listenTCP(network string, at netip.AddrPort) ([]*listener, error) {
	var opts []handles.BindOption
	if network == "tcp6" {
		opts = append(opts, handles.IPv6Only)
	}
	first, err := s.bindFirst(at, opts)
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
			return ls, nil // first distributes its connections
		default:
			return ls, err
		}
	}
	for _, l := range ls {
		l.spread = true
	}
	return ls, nil
}

// bindFirst makes the first worker's listener. Without Server.ReusePort no other socket can
// have the address until this one listens, so that one of several servers gets it. From then
// on the other workers may share it.
func (s *Server) bindFirst(at netip.AddrPort, opts []handles.BindOption) (*listener, error) {
	w := s.workers[0]
	if s.ReusePort {
		return w.listenTCP(at, append(opts, handles.ReusePort)...)
	}
	l, err := w.listenTCP(at, opts...)
	for i := 0; errors.Is(err, uv.EADDRINUSE) && i < bindRetries; i++ {
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

// bindRetries is how often a server tries again to bind an address in use: the kernel may
// refuse both of two servers that begin to listen in the same moment.
const bindRetries = 4

// listenTCP makes one listener on the worker's loop.
func (w *worker) listenTCP(at netip.AddrPort, opts ...handles.BindOption) (*listener, error) {
	t, err := w.loop.NewTCP()
	if err != nil {
		return nil, err
	}
	l := &listener{worker: w, stream: t, any: at.Addr().IsUnspecified()}
	l.blank.listener = l
	if err = t.Bind(at, opts...); err == nil {
		err = l.startTCP(t)
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

// startTCP makes t, the listener's stream, listen, and sets the options that the kernel copies
// to the connections.
func (l *listener) startTCP(t *handles.TCP) error {
	w := l.worker
	err := t.Listen(w.server.Backlog, func(c *handles.TCP, err error) {
		if err != nil {
			w.acceptFailed(l, err)
			return
		}
		w.accept(c, l)
	})
	if err == nil && !w.server.Delay {
		err = t.SetNoDelay(true)
	}
	if err == nil {
		err = w.keepAlive(t)
	}
	return err
}

// port returns the port of a TCP listener.
func (l *listener) port() uint16 { return uint16(l.addr.(*net.TCPAddr).Port) }
