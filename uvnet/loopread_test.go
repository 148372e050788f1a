package uvnet

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestUnreadConnStops: a connection that nobody reads holds a bounded amount,
// and stops its peer.
func TestUnreadConnStops(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[0], makers[1])
		defer s.Close()
		defer c.Close()
		uvtest.Check(t, write(c))
		uvtest.Check(t, read(s)) // the loop has begun to read
		ended := make(chan error, 1)
		go func() { ended <- read(s) }()
		uvtest.Check(t, write(c))
		uvtest.Check(t, <-ended)
		uvtest.Check(t, c.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
		total := 0
		for b := make([]byte, 64<<10); ; {
			n, err := c.Write(b)
			total += n
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			uvtest.Check(t, err)
			if total > 256<<20 {
				t.Fatal("a peer that is not read writes without end")
			}
		}
		in := s.(interface{ inner() *conn }).inner()
		in.mu.Lock()
		n := in.in.ahead.len()
		in.mu.Unlock()
		if n > readAhead+4*64<<10 {
			t.Errorf("%d bytes are held for a reader that does not come", n)
		}
		if n, err := io.CopyN(io.Discard, s, int64(total)); err != nil {
			t.Errorf("%d of %d bytes: %v", n, total, err)
		}
	})
}
