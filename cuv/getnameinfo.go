package cuv

// #include <netdb.h>
// #include "getaddrinfo.h"
import "C"

import "net/netip"

// Flags of a name lookup.
const (
	NINameReqd    = C.NI_NAMEREQD
	NIDgram       = C.NI_DGRAM
	NINoFQDN      = C.NI_NOFQDN
	NINumericHost = C.NI_NUMERICHOST
	NINumericServ = C.NI_NUMERICSERV
)

// A GetNameInfo is a name lookup under way; its owner frees it after its event.
// The zero value is none.
type GetNameInfo struct{ c *C.cuv_getnameinfo }

// NewGetNameInfo starts a lookup for the request in slot. C function
// uv_getnameinfo.
func (l *Loop) NewGetNameInfo(addr netip.AddrPort, flags int, slot, gen uint32) (GetNameInfo, int) {
	var g GetNameInfo
	r := C.cuv_getnameinfo_new(l.c(), addrTo(addr), C.int(flags), C.uint32_t(slot), C.uint32_t(gen), &g.c)
	return g, int(r)
}

// Cancel ends a lookup that no thread has taken yet. C function uv_cancel.
func (g GetNameInfo) Cancel() int { return int(C.cuv_getnameinfo_cancel(g.c)) }

// Names returns what was found.
func (g GetNameInfo) Names() (host, service string) {
	return C.GoString(&g.c.req.host[0]), C.GoString(&g.c.req.service[0])
}

// Free releases a lookup whose event has come.
func (g GetNameInfo) Free() { C.cuv_getnameinfo_free(g.c) }
