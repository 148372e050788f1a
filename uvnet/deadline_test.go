package uvnet

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
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
			check(t, c.SetReadDeadline(time.Now().Add(time.Millisecond)))
			if _, err := c.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("round %d: %v", i, err)
			}
			check(t, c.SetReadDeadline(time.Time{}))
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
	check(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
	ended := make(chan error, 1)
	go func() { ended <- read(c) }()
	check(t, c.SetReadDeadline(time.Now().Add(2*time.Hour)))
	check(t, c.SetReadDeadline(time.Now().Add(2*time.Millisecond)))
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nearer: %v", err)
	}
	// The timer of the near deadline finds a farther one.
	check(t, c.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
	go func() { ended <- read(c) }()
	check(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
	check(t, write(s))
	if err := <-ended; err != nil {
		t.Errorf("farther: %v", err)
	}
}

// TestBufferIsCallersAgain: once a deadline has ended Read, what arrives does
// not touch its buffer.
func TestBufferIsCallersAgain(t *testing.T) {
	s, c := connectPair(t, "tcp", makers[0], makers[0])
	defer s.Close()
	defer c.Close()
	for range 200 {
		buf := make([]byte, 4)
		check(t, c.SetReadDeadline(time.Now().Add(200*time.Microsecond)))
		sent := make(chan error, 1)
		go func() { _, err := s.Write([]byte("data")); sent <- err }()
		n, err := c.Read(buf)
		seen := string(buf)
		check(t, <-sent)
		check(t, c.SetReadDeadline(time.Time{}))
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

// TestBlockedWriterBlocks: a peer that reads nothing stops the writer, which a
// deadline frees; all that Write has reported arrives, in order, once the peer
// reads.
func TestBlockedWriterBlocks(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[0], makers[1])
		defer s.Close()
		want := random(32 << 20)
		n, err := 0, error(nil)
		for wait := 20 * time.Millisecond; n == 0; wait *= 2 { // on a busy machine it may pass before Write begins
			check(t, s.SetWriteDeadline(time.Now().Add(wait)))
			if n, err = s.Write(want); !errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || n == len(want) {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if m, err := s.Write(want); !errors.Is(err, os.ErrDeadlineExceeded) || m != 0 {
			t.Fatalf("past the deadline: %d bytes, %v", m, err)
		}
		check(t, s.SetWriteDeadline(time.Time{}))
		got := drained(c, 64<<10)
		if _, err := s.Write(want[n:]); err != nil {
			t.Fatal(err)
		}
		s.Close()
		same(t, <-got, want)
		c.Close()
	})
}

// TestUnreadConnStops: a connection that nobody reads holds a bounded amount,
// and stops its peer.
func TestUnreadConnStops(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[0], makers[1])
		defer s.Close()
		defer c.Close()
		check(t, write(c))
		check(t, read(s)) // the loop has begun to read
		ended := make(chan error, 1)
		go func() { ended <- read(s) }()
		check(t, write(c))
		check(t, <-ended)
		check(t, c.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
		total := 0
		for b := make([]byte, 64<<10); ; {
			n, err := c.Write(b)
			total += n
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			check(t, err)
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

func (c *conn) inner() *conn { return c }

// TestHalfClose: each side ends by itself.
func TestHalfClose(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		for _, m := range makers {
			s, c := connectPair(t, network, makers[0], m)
			want := random(1 << 20)
			got := drained(s, 4096)
			if _, err := c.Write(want); err != nil {
				t.Fatal(err)
			}
			check(t, c.(half).CloseWrite())
			same(t, <-got, want)
			got = drained(c, 4096)
			if _, err := s.Write(want); err != nil {
				t.Fatal(err)
			}
			check(t, s.(half).CloseWrite())
			same(t, <-got, want)
			s.Close()
			c.Close()
		}
	})
}

// TestCloseSendsWhatWasWritten: Close right behind a Write that the kernel has
// not taken whole loses nothing.
func TestCloseSendsWhatWasWritten(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		for range 10 {
			s, c := connectPair(t, network, makers[0], makers[1])
			total := 0
			check(t, s.SetWriteDeadline(time.Now().Add(5*time.Millisecond)))
			for b := make([]byte, 1500); ; {
				n, err := s.Write(b)
				total += n
				if err != nil {
					break
				}
			}
			s.Close()
			n, err := io.Copy(io.Discard, c)
			if n != int64(total) || err != nil {
				t.Fatalf("%d of %d bytes, %v", n, total, err)
			}
			c.Close()
		}
	})
}

// TestBothCloseUnread: two ends that have stopped reading, with more to send than
// the kernel takes, are both gone at once when they are closed.
func TestBothCloseUnread(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[0], makers[0])
		for _, c := range []net.Conn{s, c} {
			check(t, c.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
			_ = fill(c)
		}
		c.Close()
		s.Close() // a descriptor that lingers fails TestMain
	})
}

// TestConcurrentClose: readers, writers and closers at once; every call ends,
// with net.ErrClosed if not well.
func TestConcurrentClose(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		rounds := 100
		if testing.Short() {
			rounds = 20
		}
		for range rounds {
			s, c := connectPair(t, network, makers[0], makers[0])
			go func() { _, _ = io.Copy(io.Discard, c) }()
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { ends(t, read(s)) })
				wg.Go(func() { ends(t, fill(s)) })
				wg.Go(func() { ends(t, s.SetDeadline(time.Now().Add(time.Hour))) })
			}
			for range 2 {
				wg.Go(func() { ends(t, s.Close()) })
			}
			wg.Wait()
			c.Close()
		}
	})
}

func ends(t *testing.T, err error) {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
