package uvnet

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestFileIsBlockingForAChild: File's descriptor, once Fd was called, waits for bytes,
// as a child needs it, and the connection goes on beside it without holding its loop.
func TestFileIsBlockingForAChild(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		uvtest.Watchdog(t, minutes)
		peer, c := connectPair(t, network, makers[1], makers[0])
		defer peer.Close()
		defer c.Close()
		f, err := c.(interface{ File() (*os.File, error) }).File()
		uvtest.Check(t, err)
		defer f.Close()
		cmd := exec.Command("head", "-c", "10")
		cmd.Stdin = f
		var out strings.Builder
		cmd.Stdout = &out
		uvtest.Check(t, cmd.Start())
		_, err = peer.Write([]byte("01234"))
		uvtest.Check(t, err)
		other, same := connectPair(t, network, makers[1], makers[0]) // its loop works
		uvtest.Check(t, write(other))
		uvtest.Check(t, read(same))
		other.Close()
		same.Close()
		_, err = peer.Write([]byte("56789"))
		uvtest.Check(t, err)
		if err := cmd.Wait(); out.String() != "0123456789" || err != nil {
			t.Fatalf("%q, %v", out.String(), err)
		}
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
		if flags&unix.O_NONBLOCK != 0 || err != nil {
			t.Errorf("not blocking: %#x, %v", flags, err)
		}
		got := make(chan error)
		go func() { got <- read(c) }()
		uvtest.Check(t, c.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
		if err := fill(c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("full: %v", err)
		}
		uvtest.Check(t, write(peer))
		uvtest.Check(t, <-got)
		uvtest.Check(t, c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
		if err := read(c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("empty: %v", err)
		}
	})
}

// TestFileLosesNoBytes: File fails while bytes have been read ahead, and stops the
// loop's reading: what comes later is in both.
func TestFileLosesNoBytes(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	peer, conn := aheadPair(t)
	c := conn.(*TCPConn)
	defer peer.Close()
	defer c.Close()
	if _, err := c.File(); !errors.Is(err, errAhead) {
		t.Fatalf("with bytes ahead: %v", err)
	}
	b := make([]byte, 5)
	_, err := io.ReadFull(c, b)
	uvtest.Check(t, err)
	waits := make(chan error)
	go func() { waits <- read(c) }()
	uvtest.Eventually(t, "Read to wait", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.poller != nil && c.poller.polls()
	})
	f, err := c.File()
	uvtest.Check(t, err)
	defer f.Close()
	uvtest.Check(t, write(peer))
	uvtest.Check(t, <-waits)
	_, err = peer.Write([]byte("later"))
	uvtest.Check(t, err)
	if _, err := io.ReadFull(f, b); string(b) != "later" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestFileBesideALoopThatReads: File while Read waits for the loop.
func TestFileBesideALoopThatReads(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	for range 50 {
		peer, conn := connectPair(t, "tcp", makers[1], makers[0])
		c := conn.(*TCPConn)
		waits := make(chan error)
		go func() { waits <- read(c) }()
		uvtest.Eventually(t, "the loop to read", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.in.state != readDirect })
		f, err := c.File()
		uvtest.Check(t, err)
		uvtest.Check(t, write(peer))
		uvtest.Check(t, <-waits)
		f.Close()
		c.Close()
		peer.Close()
	}
}
