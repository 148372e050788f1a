package uvnet

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// aheadPair is a connection whose loop has read "stale" ahead, behind an answer that
// was read.
func aheadPair(t *testing.T) (peer, c net.Conn) {
	t.Helper()
	peer, c = connectPair(t, "tcp", makers[1], makers[0])
	done := make(chan error)
	go func() { // waits, so that the loop begins to read
		b := make([]byte, 6)
		_, err := io.ReadFull(c, b)
		done <- err
	}()
	in := c.(*TCPConn)
	uvtest.Eventually(t, "the loop to read", func() bool { in.mu.Lock(); defer in.mu.Unlock(); return in.in.state != readDirect && in.rd.waiting })
	_, err := peer.Write([]byte("answer"))
	uvtest.Check(t, err)
	uvtest.Check(t, <-done)
	_, err = peer.Write([]byte("stale"))
	uvtest.Check(t, err)
	uvtest.Eventually(t, "the loop to read ahead", func() bool { in.mu.Lock(); defer in.mu.Unlock(); return in.in.ahead.len() == 5 })
	return peer, c
}

// poolCheck is what go-redis and MySQL's driver do before they use a connection again.
func poolCheck(c net.Conn) error {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	var found error
	err = raw.Read(func(fd uintptr) bool {
		n, err := syscall.Read(int(fd), make([]byte, 1))
		switch {
		case n == 0 && err == nil:
			found = io.EOF
		case n > 0:
			found = errUnexpected
		case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK:
		default:
			found = err
		}
		return true
	})
	return errors.Join(err, found)
}

var errUnexpected = errors.New("unexpected read")

// TestPoolCheckSeesWhatWasReadAhead: the check of a pool finds a stale answer although
// the loop has it, and finds nothing on a connection that is idle.
func TestPoolCheckSeesWhatWasReadAhead(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	peer, c := aheadPair(t)
	defer peer.Close()
	defer c.Close()
	if err := poolCheck(c); err != errUnexpected && !errors.Is(err, errUnexpected) {
		t.Errorf("with a stale answer: %v", err)
	}
	b := make([]byte, 10)
	if n, err := c.Read(b); string(b[:n]) != "tale" || err != nil { // as by package net: the check took one
		t.Errorf("Read after the check: %q, %v", b[:n], err)
	}
	for range 3 {
		if err := poolCheck(c); err != nil {
			t.Errorf("idle: %v", err)
		}
		_, err := peer.Write([]byte("more"))
		uvtest.Check(t, err)
		if _, err := io.ReadFull(c, b[:4]); string(b[:4]) != "more" || err != nil {
			t.Errorf("%q, %v", b[:4], err)
		}
	}
	uvtest.Check(t, peer.Close())
	uvtest.Eventually(t, "the end to arrive", func() bool { return poolCheck(c) != nil })
	if err := poolCheck(c); !errors.Is(err, io.EOF) {
		t.Errorf("ended: %v", err)
	}
}

// TestRawReadGoesOnBehindWhatWasReadAhead: what a RawConn's Read takes, peeks at and
// leaves of what the loop has read ahead, and what comes behind that, is what package
// net's would.
func TestRawReadGoesOnBehindWhatWasReadAhead(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	peer, c := aheadPair(t)
	defer peer.Close()
	defer c.Close()
	raw, err := c.(syscall.Conn).SyscallConn()
	uvtest.Check(t, err)
	b := make([]byte, 100)
	uvtest.Check(t, raw.Read(func(fd uintptr) bool {
		n, _, err := unix.Recvfrom(int(fd), b, unix.MSG_PEEK)
		if string(b[:max(n, 0)]) != "stale" || err != nil {
			t.Errorf("peek: %q, %v", b[:max(n, 0)], err)
		}
		return true
	}))
	_, err = peer.Write([]byte(" and more"))
	uvtest.Check(t, err)
	var got []byte
	uvtest.Check(t, raw.Read(func(fd uintptr) bool {
		n, err := unix.Read(int(fd), b[:2])
		if err != nil {
			return err != unix.EAGAIN
		}
		got = append(got, b[:n]...)
		return len(got) >= len("stale and m")
	}))
	n, err := io.ReadFull(c, b[:14-len(got)])
	if got = append(got, b[:n]...); string(got) != "stale and more" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
