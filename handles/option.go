package handles

import "github.com/uvgo/uvgo/uv"

// A Family is the address family of a socket.
type Family int

// The internet's address families.
const (
	IPv4 Family = 4
	IPv6 Family = 6
)

// A TCPOption changes what NewTCP makes: [WithSocket].
type TCPOption interface{ tcp(*socketSetup) error }

// A UDPOption changes what NewUDP makes: [WithSocket], [RecvMMsg].
type UDPOption interface{ udp(*socketSetup) error }

// socketSetup collects what a constructor's options ask for.
type socketSetup struct {
	family   Family // 0: no socket yet
	recvMMsg bool
}

// A SocketOption is an option of NewTCP and of NewUDP.
type SocketOption Family

// WithSocket makes the handle with a socket of the family, so that socket options can
// be set on its FD before Bind or Connect. Without it the handle gets its socket from
// the first call that has an address, such as Bind or Connect. No libuv counterpart;
// see [NewTCP] and [NewUDP].
func WithSocket(f Family) SocketOption { return SocketOption(f) }

// The options of programs that were written before [WithSocket].
//
// Deprecated: use WithSocket.
const (
	TCP4 = SocketOption(IPv4)
	TCP6 = SocketOption(IPv6)
	UDP4 = SocketOption(IPv4)
	UDP6 = SocketOption(IPv6)
)

func (o SocketOption) tcp(s *socketSetup) error {
	if f := Family(o); f != IPv4 && f != IPv6 {
		return uv.EINVAL
	}
	s.family = Family(o)
	return nil
}

func (o SocketOption) udp(s *socketSetup) error { return o.tcp(s) }

type recvMMsg int

// RecvMMsg makes a UDP handle receive up to 20 datagrams in one system call, if the
// system can; see [UDP.UsingRecvMMsg].
const RecvMMsg recvMMsg = 1

func (recvMMsg) udp(s *socketSetup) error {
	s.recvMMsg = true
	return nil
}
