package cuv

// #include <netdb.h>
// #include <stdlib.h>
// #include "getaddrinfo.h"
import "C"

import (
	"net/netip"
	"unsafe"
)

// Flags of an address lookup.
const (
	AIPassive     = C.AI_PASSIVE
	AICanonName   = C.AI_CANONNAME
	AINumericHost = C.AI_NUMERICHOST
	AINumericServ = C.AI_NUMERICSERV
	AIAddrConfig  = C.AI_ADDRCONFIG
	AIV4Mapped    = C.AI_V4MAPPED
	AIAll         = C.AI_ALL
)

// A GetAddrInfo is an address lookup under way; its owner frees it after its
// event. The zero value is none.
type GetAddrInfo struct{ c *C.cuv_getaddrinfo }

// NewGetAddrInfo starts a lookup for the request in slot. An empty host or
// service is none; neither may hold a NUL. family is 4, 6 or 0 for both. C
// function uv_getaddrinfo.
func (l *Loop) NewGetAddrInfo(host, service string, family, socktype, protocol, flags int, slot, gen uint32) (GetAddrInfo, int) {
	h, s := cString(host), cString(service)
	defer C.free(unsafe.Pointer(h))
	defer C.free(unsafe.Pointer(s))
	var g GetAddrInfo
	r := C.cuv_getaddrinfo_new(l.c(), h, s, C.int(family), C.int(socktype), C.int(protocol), C.int(flags), C.uint32_t(slot), C.uint32_t(gen), &g.c)
	return g, int(r)
}

// cString copies s for C, NULL for an empty one.
func cString(s string) *C.char {
	if s == "" {
		return nil
	}
	return C.CString(s)
}

// Cancel ends a lookup that no thread has taken yet. C function uv_cancel.
func (g GetAddrInfo) Cancel() int { return int(C.cuv_getaddrinfo_cancel(g.c)) }

// Len is how many addresses were found.
func (g GetAddrInfo) Len() int { return int(g.c.n) }

// At returns one of them.
func (g GetAddrInfo) At(i int) (addr netip.AddrPort, socktype, protocol int) {
	e := &unsafe.Slice(g.c.list, int(g.c.n))[i]
	return addrFrom(&e.addr), int(e.socktype), int(e.protocol)
}

// CanonName returns the host's canonical name, if it was asked for.
func (g GetAddrInfo) CanonName() string {
	if g.c.canonname == nil {
		return ""
	}
	return C.GoString(g.c.canonname)
}

// Free releases a lookup whose event has come. C function uv_freeaddrinfo.
func (g GetAddrInfo) Free() { C.cuv_getaddrinfo_free(g.c) }
