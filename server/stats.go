package server

import "github.com/uvgo/uvgo/uv"

// Stats is a snapshot of what a server has done and is doing, over all its loops.
type Stats struct {
	Conns    uint64 // open connections that were accepted
	Accepted uint64 // connections accepted so far
	Dropped  uint64 // connections closed at the accept, for lack of descriptors or memory
	Closed   Closed // connections that ended, by reason
	Pauses   uint64 // connections that waited for others to end: MaxConns was reached
	Waiting  uint64 // connections that wait so now
	Paused   uint64 // open connections whose handler has called Pause
	Full     uint64 // open connections whose peers take less than is written: above the high watermark
	Unsent   uint64 // bytes that all streams of the loops have queued, because the kernel did not take them yet
	Cut      uint64 // connections that Shutdown closed with bytes unsent, because CloseTimeout had passed
	Panics   uint64 // panics of handlers and of callbacks of a tls.Config; Closed.Panics are those that ended a connection
	Messages uint64 // chunks handed to Data
	BytesIn  uint64
	BytesOut uint64 // bytes that Write, WriteFunc and WriteTo queued

	// TLS handshakes that were completed, those of them that resumed a session, and those that failed:
	// by an error, by HandshakeTimeout, or because the peer left. Those of Dial are included.
	Handshakes, HandshakesResumed, HandshakesFailed uint64

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
		t.Handshakes += w.handshakes.Load()
		t.HandshakesResumed += w.handshakesResumed.Load()
		t.HandshakesFailed += w.handshakesFailed.Load()
		t.Paused += w.paused.Load()
		t.Full += w.full.Load()
		t.Cut += w.cut.Load()
		t.Panics += w.lostPanics.Load() + w.closed[panicked].Load()
		loop := w.loop.Stats()
		t.Unsent += loop.Unsent
		t.Turns += loop.Turns
		t.Events += loop.Events
		t.Flushes += loop.Flushes
	}
	t.Waiting = s.places.waits()
	return t
}

// LoopStats returns what each of the server's loops has counted, none before Listen. Any goroutine may call it, also when the
// server has ended.
func (s *Server) LoopStats() []uv.Stats {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	workers := s.workers
	s.mu.Unlock()
	all := make([]uv.Stats, len(workers))
	for i, w := range workers {
		all[i] = w.loop.Stats()
	}
	return all
}

// Add returns what both have counted: several servers together.
func (t Stats) Add(o Stats) Stats {
	t.Conns += o.Conns
	t.Accepted += o.Accepted
	t.Dropped += o.Dropped
	t.Closed = t.Closed.add(o.Closed)
	t.Pauses += o.Pauses
	t.Waiting += o.Waiting
	t.Paused += o.Paused
	t.Full += o.Full
	t.Unsent += o.Unsent
	t.Cut += o.Cut
	t.Panics += o.Panics
	t.Messages += o.Messages
	t.BytesIn += o.BytesIn
	t.BytesOut += o.BytesOut
	t.Handshakes += o.Handshakes
	t.HandshakesResumed += o.HandshakesResumed
	t.HandshakesFailed += o.HandshakesFailed
	t.DialConns += o.DialConns
	t.Dialed += o.Dialed
	t.DialFailed += o.DialFailed
	t.PacketsIn += o.PacketsIn
	t.PacketsOut += o.PacketsOut
	t.PacketsDropped += o.PacketsDropped
	t.Turns += o.Turns
	t.Events += o.Events
	t.Flushes += o.Flushes
	return t
}
