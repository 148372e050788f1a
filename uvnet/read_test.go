package uvnet

import (
	"io"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestBufferIsCallersAgain: once a deadline has ended Read, what arrives does
// not touch its buffer.
func TestBufferIsCallersAgain(t *testing.T) {
	s, c := connectPair(t, "tcp", makers[0], makers[0])
	defer s.Close()
	defer c.Close()
	for range 200 {
		buf := make([]byte, 4)
		uvtest.Check(t, c.SetReadDeadline(time.Now().Add(200*time.Microsecond)))
		sent := make(chan error, 1)
		go func() { _, err := s.Write([]byte("data")); sent <- err }()
		n, err := c.Read(buf)
		seen := string(buf)
		uvtest.Check(t, <-sent)
		uvtest.Check(t, c.SetReadDeadline(time.Time{}))
		if err != nil && n != 0 {
			t.Fatalf("%d bytes with %v", n, err)
		}
		rest := make([]byte, 4-n)
		if _, err := io.ReadFull(c, rest); err != nil {
			t.Fatal(err)
		}
		if string(buf) != seen { // the race detector sees a write, too
			t.Fatal("the buffer changed after Read returned")
		}
		if got := string(buf[:n]) + string(rest); got != "data" {
			t.Fatalf("read %q", got)
		}
	}
}
