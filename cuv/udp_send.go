package cuv

// #include "udp.h"
import "C"

import (
	"net/netip"
	"unsafe"
)

const datagramSize = uint32(unsafe.Sizeof(C.cuv_datagram{}))

// UDPMaxPayload is the longest datagram of IPv4; longer ones are not worth a
// place in the output arena.
const UDPMaxPayload = 65507

// UDPSend submits a datagram, which is only borrowed: bytes of the read arena
// are sent from there, others are copied to the output arena. No address means
// the peer of a connected socket. It reports false when p is too large for the
// arena; UDPSendNow takes those.
func (l *Loop) UDPSend(h *Handle, to netip.AddrPort, p []byte, slot, gen uint32) bool {
	if l.InArena(p) {
		at := l.datagram(to, 0)
		*l.data(at) = uintptr(unsafe.Pointer(unsafe.SliceData(p)))
		l.SubmitRequest(OpUDPSend, 0, h, slot, gen, uint64(uintptr(at)), uint64(len(p)))
		return true
	}
	if len(p) > min(int(l.ring.outCap)/4, UDPMaxPayload) {
		return false
	}
	at := l.datagram(to, len(p))
	copy(unsafe.Slice((*byte)(unsafe.Add(at, datagramSize)), len(p)), p)
	l.SubmitRequest(OpUDPSend, 0, h, slot, gen, uint64(uintptr(at)), uint64(len(p)))
	return true
}

// UDPSendJoined submits a datagram of bufs, total bytes, which are only borrowed:
// they are copied to the output arena, where they must fit into a quarter.
func (l *Loop) UDPSendJoined(h *Handle, to netip.AddrPort, bufs [][]byte, total int, slot, gen uint32) {
	at := l.datagram(to, total)
	dst := unsafe.Slice((*byte)(unsafe.Add(at, datagramSize)), total)
	for _, p := range bufs {
		dst = dst[copy(dst, p):]
	}
	l.SubmitRequest(OpUDPSend, 0, h, slot, gen, uint64(uintptr(at)), uint64(total))
}

// UDPSendLent submits a datagram of bufs, which the caller has pinned and keeps
// until the request completes. There are at most UDPVectorMax, none of them in
// the read arena.
func (l *Loop) UDPSendLent(h *Handle, to netip.AddrPort, bufs [][]byte, slot, gen uint32) {
	const size = int(unsafe.Sizeof(uvBuf{}))
	at := l.datagram(to, len(bufs)*size)
	vec := unsafe.Slice((*uvBuf)(unsafe.Add(at, datagramSize)), len(bufs))
	for i, p := range bufs {
		vec[i] = bufOf(p)
	}
	l.SubmitRequest(OpUDPSend, WriteLent|WriteVector, h, slot, gen, uint64(uintptr(at)), uint64(len(bufs)))
}

// UDPVectorMax is how many buffers one lent datagram may have.
const UDPVectorMax = 64

// datagram makes room in the output arena for a cuv_datagram and n bytes behind
// it, which its data points to, and for its submission.
func (l *Loop) datagram(to netip.AddrPort, n int) unsafe.Pointer {
	r := l.ring
	const align = uint32(unsafe.Alignof(uintptr(0))) // the pointer's in it, of which cgo makes bytes: its struct's own alignment is 4
	if n+int(datagramSize+align) > int(r.outCap-r.outLen) || r.sqLen == r.sqLimit {
		l.Flush()
	}
	r.outLen = (r.outLen + align - 1) / align * align
	at := unsafe.Add(r.out, r.outLen)
	r.outLen += datagramSize + uint32(n)
	(*C.cuv_datagram)(at).addr = addrTo(to)
	*l.data(at) = uintptr(at) + uintptr(datagramSize)
	return at
}

// data is the pointer to a datagram's bytes, without the write barrier and the
// checks of a pointer: lent bytes are Go's.
func (l *Loop) data(at unsafe.Pointer) *uintptr {
	return (*uintptr)(unsafe.Pointer(&(*C.cuv_datagram)(at).data))
}

// UDPTrySend sends a datagram if the kernel takes it at once, after the
// submissions: libuv's error, or not negative. C function uv_udp_try_send.
func (h *Handle) UDPTrySend(to netip.AddrPort, p []byte) int {
	c := addrTo(to)
	return int(C.cuv_udp_try_send(h.c(), &c, chars(p), C.size_t(len(p))))
}

// UDPSendNow sends a datagram at once, after the submissions, or queues a copy
// of it: libuv's error, or not negative. C functions uv_udp_try_send and
// uv_udp_send.
func (h *Handle) UDPSendNow(to netip.AddrPort, p []byte) int {
	c := addrTo(to)
	return int(C.cuv_udp_send(h.c(), &c, chars(p), C.size_t(len(p))))
}

// A UDPBatch collects datagrams in the output arena, for a handle to send at
// once. Nothing else may use the loop meanwhile.
type UDPBatch struct {
	l    *Loop
	n    uint32
	used uint32
	len  [C.CUV_UDP_BATCH]C.size_t
}

// Reset hands over the submissions and empties the batch.
func (b *UDPBatch) Reset(l *Loop) {
	C.cuv_flush(l.c())
	b.l, b.n, b.used = l, 0, C.CUV_UDP_BATCH*datagramSize
}

// Len returns how many datagrams there are.
func (b *UDPBatch) Len() int { return int(b.n) }

// Add takes a datagram, unless the batch is full.
func (b *UDPBatch) Add(to netip.AddrPort, p []byte) bool {
	r := b.l.ring
	at := uintptr(unsafe.Pointer(unsafe.SliceData(p)))
	if b.n == C.CUV_UDP_BATCH {
		return false
	}
	if !b.l.InArena(p) {
		if len(p) > int(r.outCap-b.used) {
			return false
		}
		dst := unsafe.Add(r.out, b.used)
		copy(unsafe.Slice((*byte)(dst), len(p)), p)
		b.used += uint32(len(p))
		at = uintptr(dst)
	}
	d := unsafe.Add(r.out, b.n*datagramSize)
	(*C.cuv_datagram)(d).addr = addrTo(to)
	*b.l.data(d) = at
	b.len[b.n] = C.size_t(len(p))
	b.n++
	return true
}

// TrySend sends the batch: how many datagrams left, or libuv's error if the
// first did not. C function uv_udp_try_send2.
func (b *UDPBatch) TrySend(h *Handle) int {
	return int(C.cuv_udp_try_send2(h.c(), (*C.cuv_datagram)(b.l.ring.out), &b.len[0], C.uint(b.n)))
}
