package uvnet

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
)

// A Net is package net on the loops of a group: connections and listeners are
// spread over them. The zero Net, like a nil *Net, stands for the default group.
type Net struct {
	workers []*worker
	next    atomic.Uint32
}

// New makes a Net on the group's loops, which the caller runs and shuts down.
// They should have been made with [uvgo.ParkGoroutine]: a loop that parks in a
// thread answers goroutines slowly. Operations wait until the group runs. Close
// connections and listeners before you shut the group down.
func New(g *uvgo.Group) *Net {
	n := new(Net)
	for _, l := range g.Loops() {
		n.workers = append(n.workers, newWorker(l))
	}
	return n
}

var standard struct {
	sync.Mutex
	net *Net
}

// defaultNet returns the Net of the default group: a loop for each of
// GOMAXPROCS, made when first needed, for the life of the process. The loops run only
// while they have something to do, see worker.
func defaultNet() (*Net, error) {
	s := &standard
	s.Lock()
	defer s.Unlock()
	if s.net == nil {
		g, err := uvgo.NewGroup(0, uvgo.WithParking(uvgo.ParkGoroutine))
		if err != nil {
			return nil, err
		}
		s.net = New(g)
		for _, w := range s.net.workers {
			w.selfRun = true
		}
	}
	return s.net, nil
}

// worker returns one of the workers, in turn.
func (n *Net) worker() (*worker, error) {
	if n == nil || n.workers == nil {
		var err error
		if n, err = defaultNet(); err != nil {
			return nil, err
		}
	}
	if len(n.workers) == 1 {
		return n.workers[0], nil
	}
	return n.workers[int(n.next.Add(1)-1)%len(n.workers)], nil
}

// Listen is [net.Listen] on these loops.
func (n *Net) Listen(network, address string) (net.Listener, error) {
	return (&ListenConfig{Loops: n}).Listen(context.Background(), network, address)
}

// ListenPacket is [net.ListenPacket] on these loops.
func (n *Net) ListenPacket(network, address string) (net.PacketConn, error) {
	return (&ListenConfig{Loops: n}).ListenPacket(context.Background(), network, address)
}

// Dial is [net.Dial] on these loops.
func (n *Net) Dial(network, address string) (net.Conn, error) {
	return (&Dialer{Loops: n}).Dial(network, address)
}

// DialContext connects as [Net.Dial] does, until ctx ends: it fits the Dial
// hooks of http.Transport, pgx and others.
func (n *Net) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return (&Dialer{Loops: n}).DialContext(ctx, network, address)
}

// Listen is [net.Listen]: networks tcp, tcp4, tcp6 and unix.
func Listen(network, address string) (net.Listener, error) {
	return (*Net)(nil).Listen(network, address)
}

// ListenPacket is [net.ListenPacket]: networks udp, udp4, udp6 and unixgram.
func ListenPacket(network, address string) (net.PacketConn, error) {
	return (*Net)(nil).ListenPacket(network, address)
}

// Dial is [net.Dial]: networks tcp, tcp4, tcp6, udp, udp4, udp6, unix and
// unixgram.
func Dial(network, address string) (net.Conn, error) {
	return (*Net)(nil).Dial(network, address)
}

// DialContext is [net.Dialer.DialContext] of a zero Dialer.
func DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return (*Net)(nil).DialContext(ctx, network, address)
}

// DialTimeout is [net.DialTimeout].
func DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	return (&Dialer{Timeout: timeout}).Dial(network, address)
}

// A ListenConfig holds the options of listening, after [net.ListenConfig].
type ListenConfig struct {
	// Control, if set, runs on the socket before it is bound.
	Control func(network, address string, c syscall.RawConn) error
	// KeepAlive is how long an accepted connection must be idle before it is
	// probed: 0 means 15 s, below 0 never.
	KeepAlive time.Duration
	// KeepAliveConfig, if enabled, replaces KeepAlive.
	KeepAliveConfig net.KeepAliveConfig
	// Loops are the loops for the connections; nil means the default group.
	Loops *Net

	multipath multipath
}

// Listen is [net.ListenConfig.Listen]: networks tcp, tcp4, tcp6 and unix.
func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	if err := checkNetwork("listen", network, address); err != nil {
		return nil, err
	}
	std := net.ListenConfig{Control: lc.Control}
	std.SetMultipathTCP(lc.MultipathTCP())
	ln, err := std.Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return lc.listenerFromNet(network, ln, true)
}

// listenerFromNet makes a listener of one of package net, whose rules for addresses and
// options thereby hold here. made is false for a listener that came from a file.
func (lc *ListenConfig) listenerFromNet(network string, ln net.Listener, made bool) (net.Listener, error) {
	defer ln.Close()
	w, err := lc.Loops.worker()
	var fd int
	if err == nil {
		fd, err = dupOf(ln)
	}
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: ln.Addr(), Err: err}
	}
	switch ln := ln.(type) {
	case *net.TCPListener:
		return newTCPListener(lc, w, network, fd, ln.Addr().(*net.TCPAddr), made), nil
	case *net.UnixListener:
		ln.SetUnlinkOnClose(false)
		return newUnixListener(lc, w, network, fd, ln.Addr().(*net.UnixAddr), made), nil
	}
	_ = syscall.Close(fd)
	return nil, &net.OpError{Op: "listen", Net: network, Addr: ln.Addr(), Err: unsupported(ln.Addr().Network())}
}

// checkNetwork returns an error for a network that package net has and uvnet has not.
func checkNetwork(op, network, address string) error {
	if network != "unixpacket" {
		return nil
	}
	return &net.OpError{Op: op, Net: network, Addr: &net.UnixAddr{Name: address, Net: network}, Err: unsupported(network)}
}

// dupOf returns a duplicate of a socket of package net.
func dupOf(c any) (fd int, err error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return -1, errors.ErrUnsupported
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1, err
	}
	cerr := raw.Control(func(s uintptr) { fd, err = duplicate(int(s)) })
	return fd, errors.Join(err, cerr)
}
