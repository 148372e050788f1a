package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/address"
	"github.com/uvgo/uvgo/internal/sock"
	"github.com/uvgo/uvgo/uv"
)

// Listen binds to addresses: to all of them or, with an error that names the address, to none.
// It may be called again until Serve. An address is one of
//
//	tcp://127.0.0.1:8888   a TCP address; port 0 lets the system choose; tcp4 and tcp6 mean one family
//	tls://:443             TCP with TLS, by TLSConfig; tls+unix:///path, tls+fd://3 and tls+systemd:name likewise
//	udp://127.0.0.1:8888   a UDP address, for PacketHandler; udp4 and udp6 likewise
//	unix:///run/x.sock     a unix socket; unix://@name is abstract
//	fd://3                 a listener or datagram socket that the process inherited, internet or unix
//	systemd:name           the sockets of that FileDescriptorName= that systemd passed; systemd: all
//
// A unix socket that nobody listens on any more is replaced; any other file in its place is
// EADDRINUSE. The lookup of a name has no time limit; that of ListenAndServe ends with its
// context.
//
// Listen takes over the descriptor of fd://: it is closed when Listen returns without error,
// and the socket when the server no longer listens. Those of systemd stay open, so that a
// later server may listen on them. No child process inherits them, and the environment stays
// as it is. The file of an inherited unix socket is not removed.
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
	err = s.bind(places, err)
	closePlaces(places, err == nil)
	return err
}

// bind makes the listeners of all places, or of none. err is why there are not all places.
func (s *Server) bind(places []place, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = s.prepare() // again: another call may have failed, or ended the server
	}
	made := make([]sockets, 0, len(places))
	for i := 0; err == nil && i < len(places); i++ {
		var m sockets
		if m, err = s.listenAt(&places[i], s.workers[i%len(s.workers)]); err != nil {
			err = fmt.Errorf("server: listen on %s: %w", places[i].name, err)
		} else if err = s.ProxyProtocol.checkListeners(m.listeners); err != nil {
			err = fmt.Errorf("server: listen on %s: %w", places[i].name, err)
		}
		for _, l := range m.listeners {
			l.tls = places[i].tls
		}
		made = append(made, m)
	}
	if err != nil {
		s.undo(made)
		return err
	}
	for _, m := range made {
		s.addrs = append(s.addrs, m.addr())
		for _, l := range m.listeners {
			l.worker.listeners = append(l.worker.listeners, l)
			if l.distributes = !l.spread; l.distributes {
				s.distributors.Add(1)
			}
		}
		for _, c := range m.packets {
			c.worker.packets = append(c.worker.packets, c)
		}
	}
	return nil
}

// sockets are what one place has: a listener or datagram socket for each worker, or one.
type sockets struct {
	listeners []*listener
	packets   []*PacketConn
}

// addr returns the address of all of them.
func (m sockets) addr() net.Addr {
	if len(m.packets) > 0 {
		return m.packets[0].addr
	}
	return m.listeners[0].addr
}

// undo closes listeners of a Listen that failed, and the loops if nothing else
// uses them.
func (s *Server) undo(made []sockets) {
	for _, m := range made {
		for _, l := range m.listeners {
			l.close()
		}
		for _, c := range m.packets {
			c.close()
		}
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
	at      netip.AddrPort // TCP and UDP
	unix    *unixSocket    // nil for others, and once a listener has it
	adopted *adopted       // nil for others
	tls     *tls.Config    // nil without TLS
}

// locate turns addresses into places.
func (s *Server) locate(ctx context.Context, addrs []string) ([]place, error) {
	var places []place
	for _, text := range addrs {
		a, err := address.Parse(text)
		if err == nil {
			places, err = s.locateOne(ctx, places, text, a)
		}
		if err != nil {
			return places, fmt.Errorf("server: listen on %s: %w", text, err)
		}
	}
	return places, nil
}

// locateOne appends the places of an address.
func (s *Server) locateOne(ctx context.Context, places []place, text string, a address.Address) ([]place, error) {
	p := place{name: text, network: a.Network}
	var err error
	if a.TLS {
		s.mu.Lock()
		p.tls, err = s.tlsConfigured()
		s.mu.Unlock()
		if err != nil {
			return places, err
		}
	}
	switch a.Network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
		p.at, err = resolve(ctx, a.Network, a.HostPort)
	case "unix":
		p.unix, err = bindUnix(a.Path, s.Backlog)
	case "fd":
		if slices.ContainsFunc(places, func(q place) bool { return q.adopted != nil && q.adopted.fd == a.FD }) {
			return places, givenTwice(a.FD)
		}
		p.adopted, err = inherit(a.FD, true)
	case "systemd":
		return locateSystemd(places, p, a.Name)
	default:
		err = uv.EINVAL
	}
	if err != nil {
		return places, err
	}
	return append(places, p), nil
}

// locateSystemd appends a place like p for each socket of the name.
func locateSystemd(places []place, p place, name string) ([]place, error) {
	fds, err := address.Passed(name)
	if err != nil {
		return places, err
	}
	for _, fd := range fds {
		if slices.ContainsFunc(places, func(q place) bool { return q.adopted != nil && q.adopted.taken && q.adopted.fd == fd }) {
			return places, givenTwice(fd) // those of systemd may be, for they stay open
		}
		if p.adopted, err = inherit(fd, false); err != nil {
			return places, err
		}
		places = append(places, p)
	}
	return places, nil
}

// givenTwice refuses a descriptor that Listen takes over and that another address means, too.
func givenTwice(fd int) error { return fmt.Errorf("descriptor %d is given twice: %w", fd, uv.EINVAL) }

// closePlaces closes the unix sockets that no listener has and, if the server listens, the
// adopted descriptors that are ours.
func closePlaces(places []place, listens bool) {
	for _, p := range places {
		if p.unix != nil {
			p.unix.close()
		}
		if p.adopted != nil && p.adopted.taken && listens {
			_ = unix.Close(p.adopted.fd)
		}
	}
}

// listenAt makes the sockets of one place. w gets a single one. After an error those made so
// far are returned, too.
func (s *Server) listenAt(p *place, w *worker) (m sockets, err error) {
	udp := strings.HasPrefix(p.network, "udp")
	if p.adopted != nil && p.adopted.datagram {
		c, err := w.adoptUDP(p.adopted)
		if err == nil {
			m.packets = []*PacketConn{c}
		}
		return m, err
	}
	if s.Handler == nil && !udp {
		return m, errNoHandler
	}
	var l *listener
	switch {
	case udp:
		m.packets, err = s.listenUDP(p.network, p.at, w)
		return m, err
	case p.adopted != nil:
		l, err = w.listenAdopted(p.adopted)
	case p.unix != nil:
		if l, err = w.listenUnix(p.unix); err == nil {
			p.unix = nil
		}
	default:
		m.listeners, err = s.listenTCP(p.network, p.at)
		return m, err
	}
	if err == nil {
		m.listeners = []*listener{l}
	}
	return m, err
}

// A listener is one worker's share of an address.
type listener struct {
	worker      *worker
	stream      handles.Stream
	tls         *tls.Config // nil without TLS
	addr        net.Addr
	file        sock.File      // unix: what to remove at the end
	distributes bool           // counted in Server.distributors
	closed      uint64         // connections closed for lack of descriptors, as far as they are counted
	spread      bool           // connections stay with the worker that accepted them
	waiting     handles.Stream // a connection for which MaxConns has no place; nil: none, and it does not pause
	any         bool           // bound to every interface: connections differ in their address
	blank       more           // of its connections that need nothing of it
}

// one is the listeners of an address that has one so far, or none.
func one(l *listener) []*listener {
	if l == nil {
		return nil
	}
	return []*listener{l}
}

// close stops listening and removes a unix socket's file if it is still ours.
func (l *listener) close() {
	l.file.Remove()
	l.closeWaiting()
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
	file sock.File
}

// close closes the socket and removes its file.
func (u *unixSocket) close() {
	u.file.Remove()
	_ = unix.Close(u.fd)
}
