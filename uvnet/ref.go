package uvnet

import "sync/atomic"

// A ref counts who uses a descriptor, so that it is closed only when nobody
// does: a number that was closed may be somebody else's by the next call.
type ref struct {
	v atomic.Int32 // users, and refClosed
}

const refClosed = 1 << 30

// acquire adds a user; false once the descriptor is marked closed.
func (r *ref) acquire() bool {
	for {
		v := r.v.Load()
		if v&refClosed != 0 {
			return false
		}
		if r.v.CompareAndSwap(v, v+1) {
			return true
		}
	}
}

// release removes a user; true for the last user of a descriptor that is marked closed, who
// has to close it.
func (r *ref) release() (last bool) { return r.v.Add(-1) == refClosed }

// close marks the descriptor closed and adds the caller as a user; false if it was marked
// before.
func (r *ref) close() bool {
	for {
		v := r.v.Load()
		if v&refClosed != 0 {
			return false
		}
		if r.v.CompareAndSwap(v, v|refClosed+1) {
			return true
		}
	}
}

// used tells whether a closed descriptor still has users.
func (r *ref) used() bool { return r.v.Load() != refClosed }

func (r *ref) closed() bool { return r.v.Load()&refClosed != 0 }
