package uvnet

import (
	"net"
	"os"
)

// FileConn returns a copy of the connection behind f, a socket of a network that
// Dial knows. Closing one does not affect the other.
func FileConn(f *os.File) (net.Conn, error) { return (*Net)(nil).FileConn(f) }

// FileListener returns a copy of the listener behind f. Closing one does not
// affect the other.
func FileListener(f *os.File) (net.Listener, error) { return (*Net)(nil).FileListener(f) }

// FilePacketConn returns a copy of the UDP or unix datagram socket behind f.
// Closing one does not affect the other.
func FilePacketConn(f *os.File) (net.PacketConn, error) { return (*Net)(nil).FilePacketConn(f) }

// FileConn is the function FileConn on these loops.
func (n *Net) FileConn(f *os.File) (net.Conn, error) {
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	switch u := c.(type) {
	case *net.UDPConn:
		uc, err := n.udpFromNet("udp", u)
		if err != nil {
			return nil, fileError(f, err)
		}
		return uc, nil
	case *net.UnixConn:
		if network := c.LocalAddr().Network(); network == "unixgram" {
			uc, err := n.unixgramFromNet(network, u)
			if err != nil {
				return nil, fileError(f, err)
			}
			return uc, nil
		}
	}
	defer c.Close()
	w, err := n.worker()
	if err != nil {
		return nil, fileError(f, err)
	}
	network := c.LocalAddr().Network()
	_, isUnix := c.(*net.UnixConn)
	_, isTCP := c.(*net.TCPConn)
	if !isTCP && (!isUnix || network != "unix") {
		return nil, fileError(f, unsupported(network))
	}
	fd, err := dupOf(c)
	if err != nil {
		return nil, fileError(f, err)
	}
	if isUnix {
		u := newUnixConn(w, network, fd, c.LocalAddr(), c.RemoteAddr())
		u.count(&w.counts.files)
		return u, nil
	}
	t := newTCPConn(w, network, fd, c.LocalAddr(), c.RemoteAddr())
	t.count(&w.counts.files)
	return t, nil
}

// FileListener is the function FileListener on these loops.
func (n *Net) FileListener(f *os.File) (net.Listener, error) {
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return (&ListenConfig{Loops: n}).listenerFromNet(ln.Addr().Network(), ln, false)
}

// FilePacketConn is the function FilePacketConn on these loops.
func (n *Net) FilePacketConn(f *os.File) (net.PacketConn, error) {
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	p, err := n.packetFromNet(c.LocalAddr().Network(), c)
	if err != nil {
		return nil, fileError(f, err)
	}
	return p, nil
}

func fileError(f *os.File, err error) error {
	return &net.OpError{Op: "file", Net: "file+net", Addr: fileAddr(f.Name()), Err: err}
}

// A fileAddr is a file in the place of an address.
type fileAddr string

// Network returns "file+net".
func (fileAddr) Network() string { return "file+net" }

// String returns the file's name.
func (a fileAddr) String() string { return string(a) }
