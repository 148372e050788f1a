package cuv

// #include "stream.h"
import "C"

import (
	"net/netip"
	"unsafe"
)

// Flags of TCPBind.
const (
	TCPIPv6Only uint = C.UV_TCP_IPV6ONLY
)

// TCPReusePort returns the flag that shares a port among listeners, 0 where
// libuv or the system cannot.
func TCPReusePort() uint { return uint(C.cuv_tcp_reuseport()) }

// NewTCP makes a TCP handle for a slot with a socket of the family 4 or 6. C
// function uv_tcp_init_ex.
func (l *Loop) NewTCP(family int, slot, gen uint32) (*Handle, int) {
	var h *C.cuv_handle
	rc := C.cuv_tcp_new(l.c(), C.int(family), C.uint32_t(slot), C.uint32_t(gen), &h)
	return (*Handle)(unsafe.Pointer(h)), int(rc)
}

// TCPOpen hands a socket over to the handle and returns what it can do, or
// libuv's error. C function uv_tcp_open.
func (h *Handle) TCPOpen(fd int) int {
	if rc := C.cuv_tcp_open(h.c(), C.int(fd)); rc < 0 {
		return int(rc)
	}
	return CanRead | CanWrite
}

// TCPBind binds to an address. C function uv_tcp_bind.
func (h *Handle) TCPBind(a netip.AddrPort, flags uint) int {
	return int(C.cuv_tcp_bind(h.c(), addrTo(a), C.uint(flags)))
}

// TCPConnect starts connecting for the request in slot. C function
// uv_tcp_connect.
func (h *Handle) TCPConnect(a netip.AddrPort, slot, gen uint32) int {
	return int(C.cuv_tcp_connect(h.c(), addrTo(a), C.uint32_t(slot), C.uint32_t(gen)))
}

// TCPName returns the handle's or its peer's address. C functions
// uv_tcp_getsockname and uv_tcp_getpeername.
func (h *Handle) TCPName(peer bool) (netip.AddrPort, int) {
	var c C.cuv_addr
	rc := C.cuv_tcp_sockname(h.c(), cint(peer), &c)
	return addrFrom(&c), int(rc)
}

// TCPNoDelay sets TCP_NODELAY; on a listener also for what it accepts. C
// function uv_tcp_nodelay.
func (h *Handle) TCPNoDelay(on bool) int {
	return int(C.cuv_tcp_nodelay(h.c(), cint(on)))
}

// TCPKeepAlive sets SO_KEEPALIVE; the delay in seconds. C function
// uv_tcp_keepalive.
func (h *Handle) TCPKeepAlive(on bool, delay uint) int {
	return int(C.cuv_tcp_keepalive(h.c(), cint(on), C.uint(delay)))
}

// TCPCloseReset closes with a reset. C function uv_tcp_close_reset.
func (h *Handle) TCPCloseReset() int { return int(C.cuv_tcp_close_reset(h.c())) }

// TCPKeepAliveEx sets SO_KEEPALIVE with all its times, in seconds. C function
// uv_tcp_keepalive_ex.
func (h *Handle) TCPKeepAliveEx(on bool, idle, interval, count uint) int {
	return int(C.cuv_tcp_keepalive_ex(h.c(), cint(on), C.uint(idle), C.uint(interval), C.uint(count)))
}

// SocketPair makes two connected sockets of a type and protocol, each
// non-blocking or not. C function uv_socketpair.
func SocketPair(typ, protocol int, nonblockFirst, nonblockSecond bool) (fds [2]int, rc int) {
	var c [2]C.int
	r := C.cuv_tcp_socketpair(C.int(typ), C.int(protocol), nonblocking(nonblockFirst, nonblockSecond), &c[0])
	return [2]int{int(c[0]), int(c[1])}, int(r)
}
