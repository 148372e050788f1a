package server

import "net/netip"

// A PacketHandler receives the datagrams of udp:// addresses. Its methods run on the socket's
// loop and must not block. A panic is reported to the server's Logger, and the server goes on.
type PacketHandler interface {
	// Packet is called with each datagram. p is borrowed: valid until Packet returns. It may
	// be empty. from is the sender, the zero AddrPort for one of a unix socket; an IPv4 sender
	// has an IPv4 address also on a socket of both families.
	Packet(c *PacketConn, p []byte, from netip.AddrPort)
}

// A PacketOpener is a PacketHandler that is told which sockets there are, for example to send
// from a timer.
type PacketOpener interface {
	// OpenPackets is called on the socket's loop before its first datagram.
	OpenPackets(c *PacketConn)
	// ClosePackets is called once for each OpenPackets, when the socket receives no more and
	// its other callbacks have returned, also those that block; c sends no more either.
	ClosePackets(c *PacketConn)
}
