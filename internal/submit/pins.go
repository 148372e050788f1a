package submit

import (
	"runtime"
	"sync"
)

// Pins keep lent bytes in place while C may point to them. While in use it
// hangs in a list of the process, not on the loop: a loop that is dropped with
// writes in flight leaves its bytes pinned for good, and a Pinner that were
// collected with it would panic.
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
