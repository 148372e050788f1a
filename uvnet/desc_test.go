package uvnet

import (
	"errors"
	"io"
	"math"
	"net"
	"os"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestDeadlineKeepsConnUsable: a deadline ends Read, and nothing else; what
// arrives later is read later.
func TestDeadlineKeepsConnUsable(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[0], makers[0])
		defer s.Close()
		defer c.Close()
		buf := make([]byte, 8)
		for i := range 20 {
			uvtest.Check(t, c.SetReadDeadline(time.Now().Add(time.Millisecond)))
			if _, err := c.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("round %d: %v", i, err)
			}
			uvtest.Check(t, c.SetReadDeadline(time.Time{}))
			if _, err := s.Write([]byte("payload!")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "payload!" {
				t.Fatalf("round %d: %q, %v", i, buf, err)
			}
		}
	})
}

// TestDeadlineMoves: a waiting Read obeys deadlines set meanwhile, whichever way
// they move.
func TestDeadlineMoves(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s, c := connectPair(t, "tcp", makers[0], makers[0])
	defer s.Close()
	defer c.Close()
	uvtest.Check(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
	ended := make(chan error, 1)
	go func() { ended <- read(c) }()
	uvtest.Check(t, c.SetReadDeadline(time.Now().Add(2*time.Hour)))
	uvtest.Check(t, c.SetReadDeadline(time.Now().Add(2*time.Millisecond)))
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nearer: %v", err)
	}
	// The timer of the near deadline finds a farther one.
	uvtest.Check(t, c.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
	go func() { ended <- read(c) }()
	uvtest.Check(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
	uvtest.Check(t, write(s))
	if err := <-ended; err != nil {
		t.Errorf("farther: %v", err)
	}
}

func (c *conn) inner() *conn { return c }

func ends(t *testing.T, err error) {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestDeadlineFarAway: a deadline beyond what a time.Duration holds never comes,
// and one before that has passed.
func TestDeadlineFarAway(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s, c := connectPair(t, "tcp", makers[0], makers[0])
	defer s.Close()
	defer c.Close()
	for _, far := range []time.Time{
		time.Unix(1<<40, 0), time.Now().Add(math.MaxInt64), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		uvtest.Check(t, c.SetDeadline(far))
		uvtest.Check(t, write(s))
		if err := read(c); err != nil {
			t.Errorf("%v: %v", far, err)
		}
		uvtest.Check(t, write(c))
		uvtest.Check(t, read(s))
	}
	for _, past := range []time.Time{
		time.Unix(0, 0), time.Unix(1, 0), time.Unix(-1<<40, 0), time.Now().Add(math.MinInt64), time.Now(),
	} {
		uvtest.Check(t, c.SetDeadline(past))
		if err := read(c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read, %v: %v", past, err)
		}
		if err := write(c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write, %v: %v", past, err)
		}
	}
}
