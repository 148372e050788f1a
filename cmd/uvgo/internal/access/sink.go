package access

import (
	"io"
	"sync"
	"time"
)

const (
	// sinkSize is how much of a log waits for a writer that is slow.
	sinkSize = 1 << 20
	// sinkTime is how long a line waits for others, with which it is written.
	sinkTime = 50 * time.Millisecond
)

// A Sink is a writer in front of a slow one. Its Write never waits: a log that nobody reads does not hold up the
// requests that it is about. Lines for which there is no room are left out, and counted.
type Sink struct {
	to   io.Writer
	wake chan struct{} // has room for one
	done chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	waiting []byte
	lost    uint64
	closed  bool
}

// NewSink returns a Sink whose goroutine writes to another writer.
func NewSink(to io.Writer) *Sink {
	s := &Sink{to: to, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// Write takes a line.
func (s *Sink) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.waiting)+len(line) > sinkSize {
		s.lost++
		return len(line), nil
	}
	if len(s.waiting) == 0 {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	s.waiting = append(s.waiting, line...)
	return len(line), nil
}

// Lost returns how many lines were left out.
func (s *Sink) Lost() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// run writes what waits, until the sink is closed. An error of the writer cannot be reported.
func (s *Sink) run() {
	defer close(s.done)
	var batch []byte
	for last := false; !last; {
		<-s.wake
		time.Sleep(sinkTime)
		s.mu.Lock()
		batch, s.waiting = s.waiting, batch[:0]
		last = s.closed
		s.mu.Unlock()
		if len(batch) > 0 {
			_, _ = s.to.Write(batch)
		}
	}
}

// Close writes what waits, and returns when that is written or the time is over.
func (s *Sink) Close(wait time.Duration) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	select {
	case <-s.done:
	case <-time.After(wait):
	}
}
