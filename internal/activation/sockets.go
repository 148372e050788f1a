package activation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/address"
	"github.com/uvgo/uvgo/internal/sock"
	"github.com/uvgo/uvgo/uv"
)

// A Socket is a listening stream socket, or one of datagrams, that is to be passed on.
type Socket struct {
	Text string   // the address as it was given
	Name string   // for LISTEN_FDNAMES
	Addr net.Addr // what it has become
	FD   int      // ours, close-on-exec
	file sock.File
}

// Options say how sockets are opened.
type Options struct {
	Backlog   int  // 0: the system's highest
	ReusePort bool // TCP and UDP sockets share their address
}

// Open opens the sockets of an address: "tcp://:8080", "udp://:53", "unix:///run/x.sock", "fd://3", "systemd:name", or any
// of them behind a name for LISTEN_FDNAMES and "=". Those of systemd are several. Errors do not name the address.
func Open(ctx context.Context, text string, o Options) ([]*Socket, error) {
	name, rest, named := strings.Cut(text, "=")
	if !named || strings.ContainsAny(name, ":/") {
		name, rest = "", text
	}
	a, err := address.Parse(rest)
	switch {
	case err != nil:
		return nil, err
	case a.TLS:
		return nil, fmt.Errorf("the socket itself has no TLS: write it without, and let the worker serve TLS on it: %w", uv.EINVAL)
	case named && name == "":
		return nil, fmt.Errorf("no name before =: %w", uv.EINVAL)
	}
	var fds []int
	switch a.Network {
	case "fd":
		fds = []int{a.FD}
	case "systemd":
		if fds, err = address.Passed(a.Name); err != nil {
			return nil, err
		}
	default:
		s, err := bind(ctx, a, o)
		if err != nil {
			return nil, err
		}
		s.Text, s.Name = text, name
		if name == "" {
			s.Name = strings.TrimRight(a.Network, "46")
		}
		return []*Socket{s}, nil
	}
	var all []*Socket
	for _, fd := range fds {
		s, err := take(fd)
		if err != nil {
			Close(all)
			return nil, fmt.Errorf("descriptor %d %w", fd, err)
		}
		s.Text, s.Name = text, name
		if name == "" {
			if s.Name = a.Name; s.Name == "" {
				s.Name = strings.TrimSuffix(s.Addr.Network(), "gram")
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// bind makes the socket of an address.
func bind(ctx context.Context, a address.Address, o Options) (*Socket, error) {
	lc := net.ListenConfig{KeepAlive: -1} // those who accept set it
	lc.SetMultipathTCP(false)
	if o.ReusePort {
		lc.Control = func(_, _ string, c syscall.RawConn) (err error) {
			cerr := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
			return errors.Join(cerr, err)
		}
	}
	var c syscall.Conn
	var err error
	var file sock.File
	switch {
	case a.IsUDP():
		var p net.PacketConn
		if p, err = lc.ListenPacket(ctx, a.Network, a.HostPort); err == nil {
			defer p.Close()
			c = p.(syscall.Conn)
		}
	case a.Network == "unix":
		defer sock.LockDir(a.Path)()
		lc.Control = nil
		var ln net.Listener
		ln, err = lc.Listen(ctx, "unix", a.Path)
		if errors.Is(err, syscall.EADDRINUSE) && sock.RemoveStale(a.Path, sock.Refuses) {
			ln, err = lc.Listen(ctx, "unix", a.Path)
		}
		if err == nil {
			defer ln.Close()
			ln.(*net.UnixListener).SetUnlinkOnClose(false)
			file = sock.Identify(a.Path)
			c = ln.(syscall.Conn)
		}
	default:
		var ln net.Listener
		if ln, err = lc.Listen(ctx, a.Network, a.HostPort); err == nil {
			defer ln.Close()
			c = ln.(syscall.Conn)
		}
	}
	if err != nil {
		return nil, plain(err)
	}
	fd, err := Duplicate(c)
	if err != nil {
		return nil, err
	}
	s, err := take(fd)
	_ = unix.Close(fd)
	if err != nil {
		return nil, fmt.Errorf("the socket %w", err)
	}
	s.file = file
	if o.Backlog > 0 && !a.IsUDP() {
		_ = unix.Listen(s.FD, o.Backlog) // changes the length of the queue; it listens already
	}
	return s, nil
}

// plain returns the system's error without what package net says of the address.
func plain(err error) error {
	if e := (*net.OpError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	if e := (*os.SyscallError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	return err
}

// Duplicate returns a duplicate of the descriptor of a listener or connection, close-on-exec.
func Duplicate(c syscall.Conn) (fd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd = -1
	cerr := raw.Control(func(of uintptr) { fd, err = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 3) })
	if err = errors.Join(cerr, err); err != nil {
		return -1, err
	}
	return fd, nil
}

// take makes a Socket of a duplicate of fd. Its errors complete a sentence.
func take(fd int) (*Socket, error) {
	s := new(Socket)
	typ, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	switch {
	case errors.Is(err, unix.EBADF):
		return nil, fmt.Errorf("is not open: %w", uv.EBADF)
	case err != nil:
		return nil, fmt.Errorf("is not a socket: %w", err)
	}
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); typ == unix.SOCK_STREAM && (err != nil || on == 0) {
		return nil, fmt.Errorf("is a socket that does not listen: %w", uv.EINVAL)
	}
	if s.FD, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3); err != nil {
		return nil, fmt.Errorf("cannot be duplicated: %w", err)
	}
	if s.Addr, err = addrOf(fd, typ); err != nil {
		_ = unix.Close(s.FD)
		return nil, fmt.Errorf("has no address that can be used: %w", err)
	}
	return s, nil
}

// addrOf returns the address of a socket.
func addrOf(fd, typ int) (net.Addr, error) {
	name, err := unix.Getsockname(fd)
	if err != nil {
		return nil, err
	}
	var ip net.IP
	var port int
	switch n := name.(type) {
	case *unix.SockaddrInet4:
		ip, port = n.Addr[:], n.Port
	case *unix.SockaddrInet6:
		ip, port = n.Addr[:], n.Port
	case *unix.SockaddrUnix:
		if typ == unix.SOCK_DGRAM {
			return &net.UnixAddr{Name: n.Name, Net: "unixgram"}, nil
		}
		return &net.UnixAddr{Name: n.Name, Net: "unix"}, nil
	default:
		return nil, uv.EAFNOSUPPORT
	}
	if typ == unix.SOCK_DGRAM {
		return &net.UDPAddr{IP: ip, Port: port}, nil
	}
	return &net.TCPAddr{IP: ip, Port: port}, nil
}

// Adopt makes a Socket of a descriptor that is ours already, as Open has made it in the process before. owned: the file of
// a unix socket is ours to remove.
func Adopt(text, name string, fd int, owned bool) (*Socket, error) {
	typ, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(fd)
	s := &Socket{Text: text, Name: name, FD: fd}
	if s.Addr, err = addrOf(fd, typ); err == nil && owned && s.Addr.Network() == "unix" {
		s.file = sock.Identify(s.Addr.String())
	}
	return s, err
}

// Owned tells whether the socket has a file that is ours to remove.
func (s *Socket) Owned() bool { return s.file != sock.File{} }

// URL returns the address in the form in which it is given.
func (s *Socket) URL() string {
	if a := s.Addr; strings.HasPrefix(a.Network(), "unix") {
		return "unix://" + a.String()
	}
	return s.Addr.Network() + "://" + s.Addr.String()
}

// Names returns the names of sockets, for Environment.
func Names(all []*Socket) []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return names
}

// Close closes sockets, and removes the files of those that are ours.
func Close(all []*Socket) {
	for _, s := range all {
		s.file.Remove()
		_ = unix.Close(s.FD)
	}
}

// File returns a duplicate of the socket, close-on-exec, which the caller closes.
func (s *Socket) File() (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(s.FD), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), s.URL()), nil
}

// Disown leaves the socket's file to another process.
func (s *Socket) Disown() { s.file = sock.File{} }
