package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// listenUDP makes one socket a worker where the system spreads datagrams by SO_REUSEPORT, and
// one on w elsewhere. Without Server.ReusePort the first is bound without the option, so that
// only one of several servers gets the address; where the option cannot be set later, there
// is one socket.
func (s *Server) listenUDP(network string, at netip.AddrPort, w *worker) ([]*PacketConn, error) {
	var opts []handles.BindOption
	if network == "udp6" {
		opts = append(opts, handles.IPv6Only)
	}
	shared := append(opts[:len(opts):len(opts)], handles.ReusePort)
	if s.ReusePort {
		opts = shared
	}
	first, err := w.bindUDP(at, opts...)
	if err != nil {
		return nil, err
	}
	made := []*PacketConn{first}
	if len(s.workers) == 1 || !s.ReusePort && !first.sharePort() {
		return made, nil
	}
	at = netip.AddrPortFrom(at.Addr(), uint16(first.addr.(*net.UDPAddr).Port))
	for _, other := range s.workers {
		if other == w {
			continue
		}
		c, err := other.bindUDP(at, shared...)
		if errors.Is(err, uv.ENOTSUP) {
			break
		}
		if err != nil {
			return made, err
		}
		made = append(made, c)
	}
	return made, nil
}

// bindUDP makes one socket on the worker's loop.
func (w *worker) bindUDP(at netip.AddrPort, opts ...handles.BindOption) (*PacketConn, error) {
	return w.packetConn(func(u *handles.UDP) (net.Addr, error) {
		if err := u.Bind(at, opts...); err != nil {
			return nil, err
		}
		local, err := u.LocalAddr()
		return net.UDPAddrFromAddrPort(local), err
	})
}

// adoptUDP makes a socket of an adopted one.
func (w *worker) adoptUDP(a *adopted) (*PacketConn, error) {
	return w.packetConn(func(u *handles.UDP) (net.Addr, error) { return a.addr, u.Open(uintptr(a.fd)) })
}

// packetConn makes a PacketConn whose socket comes from bind.
func (w *worker) packetConn(bind func(u *handles.UDP) (net.Addr, error)) (*PacketConn, error) {
	if w.server.PacketHandler == nil {
		return nil, errNoPacketHandler
	}
	u, err := w.loop.NewUDP(handles.RecvMMsg)
	if errors.Is(err, uv.EINVAL) { // the read arenas of Server.Options are too small for it
		u, err = w.loop.NewUDP()
	}
	if err != nil {
		return nil, err
	}
	addr, err := bind(u)
	if err != nil {
		u.Close()
		w.flush()
		return nil, err
	}
	c := &PacketConn{worker: w, udp: u, addr: addr}
	if a, ok := addr.(*net.UDPAddr); ok {
		c.ipv6 = a.IP.To4() == nil
	}
	return c, nil
}

// sharePort lets the other workers' sockets have the address. It tells whether the system can.
func (c *PacketConn) sharePort() bool {
	fd, err := c.udp.FD()
	return err == nil && lateReusePort && unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) == nil
}

var errNoPacketHandler = fmt.Errorf("PacketHandler is nil: %w", uv.EINVAL)
