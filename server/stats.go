package server

// Stats counts what a server has done, over all its loops.
type Stats struct {
	Conns    uint64 // open connections that were accepted
	Accepted uint64 // connections accepted so far
	Dropped  uint64 // connections closed at the accept, for lack of descriptors or memory
	Closed   Closed // connections that ended, by reason
	Pauses   uint64 // connections that waited for others to end: MaxConns was reached
	Messages uint64 // chunks handed to Data
	BytesIn  uint64
	BytesOut uint64 // bytes that Write, WriteFunc and WriteTo queued

	// Connections of Dial: those that are open or are being made, those that were made so far,
	// and those that could not be made. What they read and write is among the counts above.
	DialConns, Dialed, DialFailed uint64

	// The datagrams that PacketHandler got, those that WriteTo queued, and those that WriteTo or
	// the kernel refused. Their bytes are among BytesIn and BytesOut.
	PacketsIn, PacketsOut, PacketsDropped uint64

	Turns   uint64 // crossings that ran libuv
	Events  uint64 // events that those brought
	Flushes uint64 // crossings that only submitted operations before the turn's end
}

// Stats returns the counts so far. Any goroutine may call it. The loops go on
// meanwhile, so the counts are not from one moment.
func (s *Server) Stats() Stats {
	if s == nil {
		return Stats{}
	}
	s.mu.Lock()
	workers := s.workers
	s.mu.Unlock()
	var t Stats
	for _, w := range workers {
		dials, open := w.dialOpen.Load(), w.open.Load()
		t.DialConns += dials
		t.Conns += max(open, dials) - dials
		t.Dialed += w.dialCount.Load()
		t.DialFailed += w.dialFailed.Load()
		t.Accepted += w.accepted.Load()
		t.Dropped += w.dropped.Load()
		t.Pauses += w.pauses.Load()
		w.closed.addTo(&t.Closed)
		t.Messages += w.messages.Load()
		t.BytesIn += w.bytesIn.Load()
		t.BytesOut += w.bytesOut.Load()
		t.PacketsIn += w.packetsIn.Load()
		t.PacketsOut += w.packetsOut.Load()
		t.PacketsDropped += w.packetsDropped.Load()
		loop := w.loop.Stats()
		if last := w.final.Load(); last != nil {
			loop = *last
		}
		t.Turns += loop.Turns
		t.Events += loop.Events
		t.Flushes += loop.Flushes
	}
	return t
}
