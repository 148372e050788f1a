package submit

import (
	"runtime"
	"sync"
)

// Pins keep lent bytes in place while C may point to them. Pins in use are in a list of the
// process, so that no loop keeps them alive. A loop that its program drops with writes
// under way leaves its bytes pinned for good: a Pinner that the garbage collector found
// would panic.
type Pins struct {
	pinner     runtime.Pinner
	used       bool
	next, prev *Pins
}

var pinsInUse struct {
	sync.Mutex
	first *Pins
}

// Pin keeps the bytes of p in place until Release.
func (l *Pins) Pin(p []byte) {
	if len(p) == 0 {
		return
	}
	if !l.used {
		l.used = true
		pinsInUse.Lock()
		if l.next = pinsInUse.first; l.next != nil {
			l.next.prev = l
		}
		pinsInUse.first = l
		pinsInUse.Unlock()
	}
	l.pinner.Pin(&p[0])
}

// Release ends what Pin began.
func (l *Pins) Release() {
	if !l.used {
		return
	}
	l.used = false
	pinsInUse.Lock()
	if l.next != nil {
		l.next.prev = l.prev
	}
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		pinsInUse.first = l.next
	}
	pinsInUse.Unlock()
	l.next, l.prev = nil, nil
	l.pinner.Unpin()
}
