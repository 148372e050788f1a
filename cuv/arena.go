package cuv

// #include "cuv.h"
import "C"

import (
	"slices"
	"unsafe"
)

// An Arena is a read arena whose bytes are kept beyond the turn that read them: for a callback
// that goes on in a later turn, or an event that is delivered in one.
type Arena struct {
	in    unsafe.Pointer
	holds int
}

// arenas are a loop's read arenas. The ring has the current one. The others keep bytes of
// earlier turns, or are to be used again.
type arenas struct {
	current *Arena // nil as long as nothing was kept of it
	retired []*Arena
}

// Retain keeps what the current turn has read, until Release of the same arena.
func (l *Loop) Retain() *Arena {
	a := l.arenas.current
	if a == nil {
		a = &Arena{in: l.ring.in}
		l.arenas.current = a
	}
	a.holds++
	l.ring.inBase = l.ring.inLen
	return a
}

// Release takes back one Retain.
func (l *Loop) Release(a *Arena) {
	if a.holds--; a.holds == 0 && a == l.arenas.current {
		l.ring.inBase = 0
	}
}

// arenaLeft is how many bytes the next turn should have for reading.
const arenaLeft = 256 << 10

// RenewArena gives the loop another read arena, if what is kept of the current one leaves too
// little of it. It comes before a turn. Without memory the loop keeps the current one.
func (l *Loop) RenewArena() {
	r := l.ring
	if r.inBase == 0 || r.inBase <= r.inCap/2 && r.inCap-r.inBase >= arenaLeft || l.Pending() > 0 {
		return
	}
	i := slices.IndexFunc(l.arenas.retired, func(a *Arena) bool { return a.holds == 0 })
	var next *Arena
	if i >= 0 {
		next = l.arenas.retired[i]
		l.arenas.retired[i] = l.arenas.current
	} else {
		in := unsafe.Pointer(C.cuv_arena_new(C.uint32_t(r.inCap)))
		if in == nil {
			return
		}
		next = &Arena{in: in}
		l.arenas.retired = append(l.arenas.retired, l.arenas.current)
	}
	l.arenas.current = next
	r.in, r.inLen, r.inBase = next.in, 0, 0
}

// inRetired tells whether an address lies in an arena that is not the current one.
func (l *Loop) inRetired(at uintptr) bool {
	return slices.ContainsFunc(l.arenas.retired, func(a *Arena) bool { return at-uintptr(a.in) < uintptr(l.ring.inCap) })
}

// freeArenas frees all arenas but the current one.
func (l *Loop) freeArenas() {
	for _, a := range l.arenas.retired {
		C.cuv_arena_free((*C.char)(a.in), C.uint32_t(l.ring.inCap))
	}
	l.arenas = arenas{}
}

// KeepLent keeps what events have lent besides the arena (n is 1), or takes that back (-1).
func (l *Loop) KeepLent(n int) { l.ring.lentKept += uint32(int32(n)) }
