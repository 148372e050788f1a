package cuv

// #include "stream.h"
import "C"

import "unsafe"

// An Op is what a submission asks for; see enum cuv_op in ring.h.
type Op uint8

// ShortRead is the most that a stream reads at once if its OpReadStart asked for
// short reads, in bytes.
const ShortRead = C.CUV_SHORT_READ

// The operations.
const (
	OpClose        Op = C.CUV_OP_CLOSE
	OpFree         Op = C.CUV_OP_FREE
	OpRef          Op = C.CUV_OP_REF
	OpUnref        Op = C.CUV_OP_UNREF
	OpTimerInit    Op = C.CUV_OP_TIMER_INIT
	OpTimerStart   Op = C.CUV_OP_TIMER_START
	OpTimerStop    Op = C.CUV_OP_TIMER_STOP
	OpTimerAgain   Op = C.CUV_OP_TIMER_AGAIN
	OpTimerRepeat  Op = C.CUV_OP_TIMER_REPEAT
	OpPhaseStart   Op = C.CUV_OP_PHASE_START
	OpPhaseStop    Op = C.CUV_OP_PHASE_STOP
	OpReadStart    Op = C.CUV_OP_READ_START
	OpReadStop     Op = C.CUV_OP_READ_STOP
	OpWrite        Op = C.CUV_OP_WRITE
	OpShutdown     Op = C.CUV_OP_SHUTDOWN
	OpAccept       Op = C.CUV_OP_ACCEPT
	OpUDPSend      Op = C.CUV_OP_UDP_SEND
	OpUDPRecvStart Op = C.CUV_OP_UDP_RECV_START
	OpUDPRecvStop  Op = C.CUV_OP_UDP_RECV_STOP
)

// Flags of OpWrite.
const (
	WriteLent   uint8 = C.CUV_WRITE_LENT
	WriteVector uint8 = C.CUV_WRITE_VECTOR
)

// A uvBuf mirrors uv_buf_t, without the write barrier of a pointer.
type uvBuf struct{ base, len uintptr }

// bufOf returns the buffer of p, which somebody else keeps in place.
func bufOf(p []byte) uvBuf {
	return uvBuf{uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))}
}

// NoSlot marks a handle or a write that no Go object waits for.
const NoSlot uint32 = C.CUV_NO_SLOT

// sqe mirrors cuv_sqe.
type sqe struct {
	op    Op
	flags uint8
	_     uint16
	slot  uint32
	h     uintptr // *Handle, without the write barrier of a pointer
	a     uint64
	b     uint64
	gen   uint32
	next  uint32
}

// ring mirrors cuv_ring.
type ring struct {
	sq        unsafe.Pointer
	cq        unsafe.Pointer
	out       unsafe.Pointer
	in        unsafe.Pointer
	sqLen     uint32
	sqLimit   uint32
	cqHead    uint32
	cqTail    uint32
	cqCap     uint32
	outLen    uint32
	outCap    uint32
	inLen     uint32
	inCap     uint32
	alive     uint32
	deferred  uint32
	stale     uint32
	nowMS     uint64
	turns     uint64
	events    uint64
	flushes   uint64
	timeout   int32
	ready     uint32
	busyPoll  uint64
	waited    uint64
	retracted uint32
	sqCap     uint32
	inBase    uint32
	lentKept  uint32
	unsent    uint64
	began     uint64
	stuck     uint64
}

// A Handle is a C handle; it mirrors what Go uses of cuv_handle's first bytes. It stays
// valid until OpFree has been submitted for it. Only streams and UDP handles have what
// is behind Failed: others may be shorter.
type Handle struct {
	Slot   uint32 // Go's index, or NoSlot
	Gen    uint32 // copied into every event of the handle
	kind   uint8
	flags  uint8     // of its kind: cuv_stream_flag, cuv_udp_flag
	_      [10]byte  // C's
	Failed int16     // what a write that nobody waits for failed with
	_      [106]byte // C's and libuv's
	Queued uint64    // bytes in libuv's write queue, or in that of a UDP handle's sends
}

// Submit appends an operation to the submission ring; a full ring is drained
// first, which crosses once.
func (l *Loop) Submit(op Op, h *Handle, a, b uint64) { l.SubmitRequest(op, 0, h, NoSlot, 0, a, b) }

// SubmitRequest is Submit with flags and the request that awaits completion.
func (l *Loop) SubmitRequest(op Op, flags uint8, h *Handle, slot, gen uint32, a, b uint64) {
	r := l.ring
	if r.sqLen == r.sqLimit {
		l.Flush()
	}
	e := l.submission(r.sqLen)
	r.sqLen++
	e.op, e.flags, e.slot, e.gen = op, flags, slot, gen
	e.h, e.a, e.b = uintptr(unsafe.Pointer(h)), a, b
}

func (l *Loop) submission(i uint32) *sqe {
	return (*sqe)(unsafe.Add(l.ring.sq, uintptr(i)*unsafe.Sizeof(sqe{})))
}

// Retract takes back the operation that SubmitTimer submitted, unless C has drained it: at
// and drain are what SubmitTimer returned.
func (l *Loop) Retract(at int, drain uint64) bool {
	r := l.ring
	if drain != l.Drains() {
		return false
	}
	if uint32(at) == r.sqLen-1 {
		r.sqLen--
	} else {
		l.submission(uint32(at)).op = C.CUV_OP_NONE
	}
	return true
}

// SubmitTimer is Submit of OpTimerStart. Its results are the arguments of Retract.
func (l *Loop) SubmitTimer(h *Handle, due, repeat uint64) (at int32, drain uint64) {
	r := l.ring
	if r.sqLen == r.sqLimit {
		l.Flush()
	}
	e := l.submission(r.sqLen)
	at = int32(r.sqLen)
	r.sqLen++
	e.op, e.slot = OpTimerStart, NoSlot // field by field: a literal would be made elsewhere and copied
	e.h, e.a, e.b = uintptr(unsafe.Pointer(h)), due, repeat
	return at, r.turns + r.flushes
}

// Drains counts how often the submissions were drained.
func (l *Loop) Drains() uint64 { return l.ring.turns + l.ring.flushes }

// Submitted tells how many operations wait to be drained.
func (l *Loop) Submitted() int { return int(l.ring.sqLen) }

// Pending tells how many events wait to be consumed.
func (l *Loop) Pending() int { return int(l.ring.cqTail - l.ring.cqHead) }

// Next consumes the next event into ev; there must be one.
func (l *Loop) Next(ev *Event) {
	r := l.ring
	*ev = *(*Event)(unsafe.Add(r.cq, uintptr(r.cqHead)*unsafe.Sizeof(Event{})))
	r.cqHead++
}

// Peek returns the i-th of the Pending events, which Next has yet to consume. It lies in the ring: valid
// until the next crossing, or until it is consumed.
func (l *Loop) Peek(i int) *Event {
	r := l.ring
	return (*Event)(unsafe.Add(r.cq, uintptr(r.cqHead+uint32(i))*unsafe.Sizeof(Event{})))
}

// WriteBytes submits a write of p, which is only borrowed: bytes of the read
// arena are sent from there, others are copied to the output arena. It reports
// false when p is too large for that arena; WriteNow takes those.
func (l *Loop) WriteBytes(h *Handle, p []byte, slot, gen uint32) bool {
	r := l.ring
	at := uintptr(unsafe.Pointer(unsafe.SliceData(p)))
	if at-uintptr(r.in) < uintptr(r.inCap) {
		l.SubmitRequest(OpWrite, 0, h, slot, gen, uint64(at), uint64(len(p)))
		return true
	}
	if len(p) > int(r.outCap)/4 {
		return false
	}
	if len(p) > int(r.outCap-r.outLen) || r.sqLen == r.sqLimit {
		l.Flush()
	}
	dst := unsafe.Add(r.out, uintptr(r.outLen))
	copy(unsafe.Slice((*byte)(dst), len(p)), p)
	r.outLen += uint32(len(p))
	l.SubmitRequest(OpWrite, 0, h, slot, gen, uint64(uintptr(dst)), uint64(len(p)))
	return true
}

// WriteJoined submits a write of bufs, total bytes, which are only borrowed: they
// are copied to the output arena, where they must fit into a quarter.
func (l *Loop) WriteJoined(h *Handle, bufs [][]byte, total int, slot, gen uint32) {
	r := l.ring
	if total > int(r.outCap-r.outLen) || r.sqLen == r.sqLimit {
		l.Flush()
	}
	at := unsafe.Add(r.out, uintptr(r.outLen))
	dst := unsafe.Slice((*byte)(at), total)
	for _, p := range bufs {
		dst = dst[copy(dst, p):]
	}
	r.outLen += uint32(total)
	l.SubmitRequest(OpWrite, 0, h, slot, gen, uint64(uintptr(at)), uint64(total))
}

// WriteLentBytes submits a write of bufs, which the caller has pinned and keeps
// until the request completes. Bytes in the read arena must not be lent.
func (l *Loop) WriteLentBytes(h *Handle, bufs [][]byte, slot, gen uint32) {
	r := l.ring
	if len(bufs) == 1 {
		p := bufs[0]
		l.SubmitRequest(OpWrite, WriteLent, h, slot, gen, uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))), uint64(len(p)))
		return
	}
	const size = int(unsafe.Sizeof(uvBuf{}))
	need := len(bufs)*size + size
	if need > int(r.outCap-r.outLen) || r.sqLen == r.sqLimit {
		l.Flush()
	}
	r.outLen = (r.outLen + uint32(size) - 1) / uint32(size) * uint32(size)
	dst := unsafe.Add(r.out, uintptr(r.outLen))
	vec := unsafe.Slice((*uvBuf)(dst), len(bufs))
	for i, p := range bufs {
		vec[i] = bufOf(p)
	}
	r.outLen += uint32(len(bufs) * size)
	l.SubmitRequest(OpWrite, WriteLent|WriteVector, h, slot, gen, uint64(uintptr(dst)), uint64(len(bufs)))
}

// InArena tells whether p lies in the read arena, and so is only borrowed.
func (l *Loop) InArena(p []byte) bool {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(p)))
	return at-uintptr(l.ring.in) < uintptr(l.ring.inCap) || len(l.arenas.retired) > 0 && l.inRetired(at)
}

// VectorMax is how many buffers one lent write may have.
func (l *Loop) VectorMax() int {
	return (int(l.ring.outCap) - 32) / int(unsafe.Sizeof(uvBuf{})) / 2
}
