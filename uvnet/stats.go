package uvnet

import (
	"sync/atomic"

	"github.com/uvgo/uvgo/uv"
)

// Stats are what a Net has counted of its stream connections: TCPConn and UnixConn. Counts only grow, and are not all from one moment.
type Stats struct {
	Accepted uint64 // connections of Accept
	Dialed   uint64 // connections of Dial
	Files    uint64 // connections of FileConn
	Closed   uint64 // those of them that are closed, and that no call uses any more
}

// Open returns how many connections are open.
func (s Stats) Open() uint64 {
	made := s.Accepted + s.Dialed + s.Files
	return made - min(s.Closed, made)
}

// counts are what a worker has counted. A connection changes them at its begin and at its end, and never in between.
type counts struct{ accepted, dialed, files, closed atomic.Uint64 }

// count counts a connection in one of its worker's counts, and notes that its end counts.
func (c *conn) count(in *atomic.Uint64) {
	c.life.counted = true
	in.Add(1)
}

// group returns the Net itself, or the default group's for the zero Net; nil if that has not been used yet.
func (n *Net) group() *Net {
	if n != nil && n.workers != nil {
		return n
	}
	standard.Lock()
	defer standard.Unlock()
	return standard.net
}

// Stats returns what the Net has counted. The zero Net, like a nil *Net, stands for the default group, which has counted nothing before it
// is first used. Any goroutine may call it, at any time.
func (n *Net) Stats() (s Stats) {
	if n = n.group(); n == nil {
		return s
	}
	for _, w := range n.workers {
		s.Closed += w.counts.closed.Load() // first: it must not be more than the others
		s.Accepted += w.counts.accepted.Load()
		s.Dialed += w.counts.dialed.Load()
		s.Files += w.counts.files.Load()
	}
	return s
}

// LoopStats returns what each loop of the Net has counted; the zero Net, like a nil *Net, stands for the default group, which has none
// before it is first used. Any goroutine may call it, at any time.
func (n *Net) LoopStats() []uv.Stats {
	if n = n.group(); n == nil {
		return nil
	}
	all := make([]uv.Stats, len(n.workers))
	for i, w := range n.workers {
		all[i] = w.loop.Stats()
	}
	return all
}

// LoopStats is [Net.LoopStats] of the default group.
func LoopStats() []uv.Stats { return (*Net)(nil).LoopStats() }
