package cuv

// #include <sys/socket.h>
// #include "udp.h"
import "C"

import (
	"net/netip"
	"unsafe"
)

// Flags of NewUDP: the address family, to have a socket at once, and recvmmsg.
const (
	UDPInet     uint = C.AF_INET
	UDPInet6    uint = C.AF_INET6
	UDPRecvMMsg uint = C.UV_UDP_RECVMMSG
)

// Flags of UDPBind.
const (
	UDPIPv6Only  uint = C.UV_UDP_IPV6ONLY
	UDPReuseAddr uint = C.UV_UDP_REUSEADDR
	UDPRecvErr   uint = C.UV_UDP_LINUX_RECVERR
)

// UDPReusePort returns the flag that shares a port among sockets, 0 where libuv
// or the system cannot.
func UDPReusePort() uint { return uint(C.cuv_udp_reuseport()) }

// Datagram returns the bytes and the sender of an EvUDPRecv: borrowed until the
// event's turn ends. For an error it returns the address that caused it, if that
// is known.
func (e *Event) Datagram() ([]byte, netip.AddrPort) {
	d := (*C.cuv_datagram)(e.ptr)
	if d == nil {
		return nil, netip.AddrPort{}
	}
	if e.Status < 0 {
		return nil, addrFrom(&d.addr)
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&d.data)), int(e.Status)), addrFrom(&d.addr)
}

// Truncated tells of an EvUDPRecv that the datagram was longer.
func (e *Event) Truncated() bool { return e.aux&C.CUV_UDP_TRUNCATED != 0 }

// Drained tells of an EvUDPRecv that the kernel has no more datagrams.
func (e *Event) Drained() bool { return e.aux&C.CUV_UDP_DRAINED != 0 }

// ReportDrained makes events say when the kernel has no more datagrams.
func (h *Handle) ReportDrained(on bool) {
	h.flags &^= C.CUV_UDP_REPORT_DRAINED
	if on {
		h.flags |= C.CUV_UDP_REPORT_DRAINED
	}
}

// NewUDP makes a UDP handle for a slot. C functions uv_udp_init and
// uv_udp_init_ex.
func (l *Loop) NewUDP(flags uint, slot, gen uint32) (*Handle, int) {
	var h *C.cuv_handle
	rc := C.cuv_udp_new(l.c(), C.uint(flags), C.uint32_t(slot), C.uint32_t(gen), &h)
	return (*Handle)(unsafe.Pointer(h)), int(rc)
}

// UDPUsingRecvMMsg tells whether the handle receives many datagrams at once. C
// function uv_udp_using_recvmmsg.
func (h *Handle) UDPUsingRecvMMsg() bool { return C.cuv_udp_using_recvmmsg(h.c()) != 0 }

// UDPPlainOpen makes UDPOpen call uv_udp_open instead of uv_udp_open_ex.
const UDPPlainOpen uint = C.CUV_UDP_PLAIN_OPEN

// UDPOpen hands a socket over to the handle and tells whether it is connected.
// C functions uv_udp_open and uv_udp_open_ex.
func (h *Handle) UDPOpen(fd int, flags uint) (connected bool, rc int) {
	rc = int(C.cuv_udp_open(h.c(), C.int(fd), C.uint(flags)))
	return rc > 0, min(rc, 0)
}

// UDPBind binds to an address. C function uv_udp_bind.
func (h *Handle) UDPBind(a netip.AddrPort, flags uint) int {
	return int(C.cuv_udp_bind(h.c(), addrTo(a), C.uint(flags)))
}

// UDPAutobind binds a handle without a socket to any address of family 4 or 6.
func (h *Handle) UDPAutobind(family int) int {
	return int(C.cuv_udp_autobind(h.c(), C.int(family)))
}

// UDPConnect sets the peer. C function uv_udp_connect.
func (h *Handle) UDPConnect(a netip.AddrPort) int {
	c := addrTo(a)
	return int(C.cuv_udp_connect(h.c(), &c))
}

// UDPDisconnect removes the peer. C function uv_udp_connect.
func (h *Handle) UDPDisconnect() int { return int(C.cuv_udp_connect(h.c(), nil)) }

// UDPName returns the handle's or its peer's address. C functions
// uv_udp_getsockname and uv_udp_getpeername.
func (h *Handle) UDPName(peer bool) (netip.AddrPort, int) {
	var c C.cuv_addr
	rc := C.cuv_udp_sockname(h.c(), cint(peer), &c)
	return addrFrom(&c), int(rc)
}

// UDPQueueSize asks C, after the submissions. C function
// uv_udp_get_send_queue_size.
func (h *Handle) UDPQueueSize() int { return int(C.cuv_udp_queue_size(h.c())) }

// UDPQueueCount asks C, after the submissions. C function
// uv_udp_get_send_queue_count.
func (h *Handle) UDPQueueCount() int { return int(C.cuv_udp_queue_count(h.c())) }

// UDPMembership joins or leaves a multicast group; the zero Addr stands for any
// interface, or source. C functions uv_udp_set_membership and
// uv_udp_set_source_membership.
func (h *Handle) UDPMembership(group, iface, source netip.Addr, join bool) int {
	var s *C.cuv_addr
	if source.IsValid() {
		c := ipTo(source)
		s = &c
	}
	return int(C.cuv_udp_membership(h.c(), ipTo(group), ipTo(iface), s, cint(join)))
}

// UDPMulticastInterface chooses where multicasts leave. C function
// uv_udp_set_multicast_interface.
func (h *Handle) UDPMulticastInterface(iface netip.Addr) int {
	return int(C.cuv_udp_multicast_interface(h.c(), ipTo(iface)))
}

// UDPMulticastLoop sends multicasts to this host, too. C function
// uv_udp_set_multicast_loop.
func (h *Handle) UDPMulticastLoop(on bool) int {
	return int(C.cuv_udp_multicast_loop(h.c(), cint(on)))
}

// UDPMulticastTTL limits the hops of multicasts. C function
// uv_udp_set_multicast_ttl.
func (h *Handle) UDPMulticastTTL(ttl int) int {
	return int(C.cuv_udp_multicast_ttl(h.c(), C.int(ttl)))
}

// UDPBroadcast allows broadcasts. C function uv_udp_set_broadcast.
func (h *Handle) UDPBroadcast(on bool) int { return int(C.cuv_udp_broadcast(h.c(), cint(on))) }

// UDPTTL limits the hops of unicasts. C function uv_udp_set_ttl.
func (h *Handle) UDPTTL(ttl int) int { return int(C.cuv_udp_ttl(h.c(), C.int(ttl))) }

// ipTo is addrTo of an address without a port.
func ipTo(ip netip.Addr) C.cuv_addr { return addrTo(netip.AddrPortFrom(ip, 0)) }
