package server

import "slices"

// A frameScan is a scan for frames that goes on: Detach finds in it what follows the frame that is being handed
// out. A connection has none but for as long as its handler's Frame runs.
type frameScan struct {
	conn   *Conn
	rest   []byte // of what is scanned; borrowed
	behind []byte // of what the loop has read; borrowed
}

// frameScans are the scans of a worker: one, and one more for each Frame that blocks. They are reused.
type frameScans struct {
	active []*frameScan
	free   []*frameScan
}

// begin begins a scan.
func (l *frameScans) begin(c *Conn) *frameScan {
	c.facts |= scanning
	var s *frameScan
	if n := len(l.free); n > 0 {
		s, l.free = l.free[n-1], l.free[:n-1]
	} else {
		s = new(frameScan)
	}
	s.conn = c
	l.active = append(l.active, s)
	return s
}

// end ends a scan of the connection.
func (l *frameScans) end(c *Conn) {
	c.facts &^= scanning
	for i := len(l.active) - 1; i >= 0; i-- { // it is nearly always the last
		if s := l.active[i]; s.conn == c {
			l.active = slices.Delete(l.active, i, i+1)
			*s = frameScan{}
			if len(l.free) < 4 {
				l.free = append(l.free, s)
			}
			return
		}
	}
}

// of returns the scan of a connection.
func (l *frameScans) of(c *Conn) *frameScan {
	for _, s := range l.active {
		if s.conn == c {
			return s
		}
	}
	return new(frameScan)
}
