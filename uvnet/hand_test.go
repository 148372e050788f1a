package uvnet

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

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
	check(t, err)
	check(t, <-done)
	_, err = peer.Write([]byte("stale"))
	check(t, err)
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
		check(t, err)
		if _, err := io.ReadFull(c, b[:4]); string(b[:4]) != "more" || err != nil {
			t.Errorf("%q, %v", b[:4], err)
		}
	}
	check(t, peer.Close())
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
	check(t, err)
	b := make([]byte, 100)
	check(t, raw.Read(func(fd uintptr) bool {
		n, _, err := unix.Recvfrom(int(fd), b, unix.MSG_PEEK)
		if string(b[:max(n, 0)]) != "stale" || err != nil {
			t.Errorf("peek: %q, %v", b[:max(n, 0)], err)
		}
		return true
	}))
	_, err = peer.Write([]byte(" and more"))
	check(t, err)
	var got []byte
	check(t, raw.Read(func(fd uintptr) bool {
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

// TestUnixRightsArrive: descriptors that come with bytes of a unix connection reach
// who asks for them, by ReadMsgUnix or a RawConn, whatever was read before.
func TestUnixRightsArrive(t *testing.T) {
	for name, read := range map[string]func(c *UnixConn, p, oob []byte) (n, oobn int, err error){
		"ReadMsgUnix": func(c *UnixConn, p, oob []byte) (n, oobn int, err error) {
			n, oobn, _, _, err = c.ReadMsgUnix(p, oob)
			return n, oobn, err
		},
		"RawConn": func(c *UnixConn, p, oob []byte) (n, oobn int, err error) {
			raw, rerr := c.SyscallConn()
			check(t, rerr)
			rerr = raw.Read(func(fd uintptr) bool {
				n, oobn, _, _, err = unix.Recvmsg(int(fd), p, oob, unix.MSG_CMSG_CLOEXEC)
				return err != unix.EAGAIN
			})
			return n, oobn, errors.Join(err, rerr)
		},
	} {
		t.Run(name, func(t *testing.T) {
			uvtest.Watchdog(t, minutes)
			s, d := connectPair(t, "unix", makers[0], makers[0])
			c, peer := s.(*UnixConn), d.(*UnixConn)
			defer c.Close()
			defer peer.Close()
			f, err := os.Open(os.DevNull)
			check(t, err)
			defer f.Close()
			header := make(chan error)
			b, oob := make([]byte, 6), make([]byte, 100)
			go func() { // waits first
				_, err := io.ReadFull(c, b)
				header <- err
			}()
			uvtest.Eventually(t, "Read to wait", func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				return c.poller != nil && c.poller.polls()
			})
			_, err = peer.Write([]byte("header"))
			check(t, err)
			n, oobn, err := peer.WriteMsgUnix([]byte("fd"), unix.UnixRights(int(f.Fd())), nil)
			if n != 2 || oobn == 0 || err != nil {
				t.Fatalf("wrote %d, %d, %v", n, oobn, err)
			}
			check(t, <-header)
			n, oobn, err = read(c, b, oob)
			if string(b[:n]) != "fd" || err != nil {
				t.Errorf("read %q, %v", b[:n], err)
			}
			messages, err := unix.ParseSocketControlMessage(oob[:oobn])
			check(t, err)
			if len(messages) != 1 {
				t.Fatalf("%d control messages, want 1", len(messages))
			}
			fds, err := unix.ParseUnixRights(&messages[0])
			check(t, err)
			id, err := identify(uintptr(fds[0]))
			want, _ := identify(f.Fd())
			if id != want || err != nil {
				t.Errorf("got %v, %v; want %v", id, err, want)
			}
			unix.Close(fds[0])
			check(t, peer.Close())
			if _, _, _, _, err := c.ReadMsgUnix(b, oob); !errors.Is(err, io.EOF) {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// TestUnixMessageCallsFailAsNets: the calls with an address, and after deadlines and
// Close.
func TestUnixMessageCallsFailAsNets(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s, d := connectPair(t, "unix", makers[0], makers[1])
	defer s.Close()
	defer d.Close()
	type calls interface {
		net.Conn
		ReadMsgUnix(p, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error)
		WriteMsgUnix(p, oob []byte, addr *net.UnixAddr) (n, oobn int, err error)
		WriteToUnix(p []byte, addr *net.UnixAddr) (int, error)
	}
	shapes := func(c calls) (all []string) {
		add := func(err error) {
			op := err.(*net.OpError)
			all = append(all, op.Op+" "+op.Net+": "+op.Err.Error())
		}
		to := &net.UnixAddr{Name: "/nowhere", Net: "unix"}
		_, err := c.WriteToUnix([]byte("x"), to)
		add(err)
		_, _, err = c.WriteMsgUnix([]byte("x"), nil, to)
		add(err)
		_, _, err = c.WriteMsgUnix([]byte("x"), nil, &net.UnixAddr{Name: "/nowhere", Net: "unixgram"})
		add(err)
		check(t, c.SetDeadline(time.Unix(1, 0)))
		_, _, err = c.WriteMsgUnix([]byte("x"), nil, nil)
		add(err)
		_, _, _, _, err = c.ReadMsgUnix(make([]byte, 1), nil)
		add(err)
		check(t, c.Close())
		_, _, err = c.WriteMsgUnix([]byte("x"), nil, nil)
		add(err)
		_, _, _, _, err = c.ReadMsgUnix(make([]byte, 1), nil)
		add(err)
		return all
	}
	got, want := shapes(s.(calls)), shapes(d.(calls))
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
}

// TestFileIsBlockingForAChild: File's descriptor, once Fd was called, waits for bytes,
// as a child needs it, and the connection goes on beside it without holding its loop.
func TestFileIsBlockingForAChild(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		uvtest.Watchdog(t, minutes)
		peer, c := connectPair(t, network, makers[1], makers[0])
		defer peer.Close()
		defer c.Close()
		f, err := c.(interface{ File() (*os.File, error) }).File()
		check(t, err)
		defer f.Close()
		cmd := exec.Command("head", "-c", "10")
		cmd.Stdin = f
		var out strings.Builder
		cmd.Stdout = &out
		check(t, cmd.Start())
		_, err = peer.Write([]byte("01234"))
		check(t, err)
		other, same := connectPair(t, network, makers[1], makers[0]) // its loop works
		check(t, write(other))
		check(t, read(same))
		other.Close()
		same.Close()
		_, err = peer.Write([]byte("56789"))
		check(t, err)
		if err := cmd.Wait(); out.String() != "0123456789" || err != nil {
			t.Fatalf("%q, %v", out.String(), err)
		}
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
		if flags&unix.O_NONBLOCK != 0 || err != nil {
			t.Errorf("not blocking: %#x, %v", flags, err)
		}
		got := make(chan error)
		go func() { got <- read(c) }()
		check(t, c.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
		if err := fill(c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("full: %v", err)
		}
		check(t, write(peer))
		check(t, <-got)
		check(t, c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
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
	check(t, err)
	waits := make(chan error)
	go func() { waits <- read(c) }()
	uvtest.Eventually(t, "Read to wait", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.poller != nil && c.poller.polls()
	})
	f, err := c.File()
	check(t, err)
	defer f.Close()
	check(t, write(peer))
	check(t, <-waits)
	_, err = peer.Write([]byte("later"))
	check(t, err)
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
		check(t, err)
		check(t, write(peer))
		check(t, <-waits)
		f.Close()
		c.Close()
		peer.Close()
	}
}

// TestRawListenerHasNothingToRead: as package net's.
func TestRawListenerHasNothingToRead(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		ln, err := Listen(network, address(t, network))
		check(t, err)
		defer ln.Close()
		raw, err := ln.(syscall.Conn).SyscallConn()
		check(t, err)
		f := func(uintptr) bool { t.Error("called"); return true }
		if err := raw.Read(f); err != syscall.EINVAL {
			t.Errorf("Read: %v", err)
		}
		if err := raw.Write(f); err != syscall.EINVAL {
			t.Errorf("Write: %v", err)
		}
		called := false
		check(t, raw.Control(func(uintptr) { called = true }))
		if !called {
			t.Error("Control did not call f")
		}
	})
}
