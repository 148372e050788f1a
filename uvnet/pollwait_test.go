package uvnet

import (
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestRawReadWaitsWithoutDescriptors: a RawConn's Read waits, as package net's, where
// there is no descriptor left.
func TestRawReadWaitsWithoutDescriptors(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	for network, addr := range map[string]string{"tcp": "127.0.0.1:0", "unix": uvtest.SocketPath(t)} {
		t.Run(network, func(t *testing.T) {
			ln, err := Listen(network, addr)
			uvtest.Check(t, err)
			defer ln.Close()
			peer, err := net.Dial(network, ln.Addr().String())
			uvtest.Check(t, err)
			defer peer.Close()
			c, err := ln.Accept()
			uvtest.Check(t, err)
			defer c.Close()
			raw, err := c.(syscall.Conn).SyscallConn()
			uvtest.Check(t, err)
			restore := uvtest.NoDescriptors(t)
			looks, b := 0, make([]byte, 10)
			err = raw.Read(func(fd uintptr) bool {
				if looks++; looks == 2 {
					if _, err := peer.Write([]byte("late")); err != nil {
						t.Error(err)
					}
					return false
				}
				n, err := unix.Read(int(fd), b)
				if err != unix.EAGAIN && string(b[:max(n, 0)]) != "late" {
					t.Errorf("%q, %v", b[:max(n, 0)], err)
				}
				return err != unix.EAGAIN
			})
			restore()
			if err != nil || looks < 3 {
				t.Errorf("Read looked %d times: %v", looks, err)
			}
		})
	}
}

// TestCloseReachesWhoIsAboutToWait: Close comes when a RawConn's Read has looked
// and has not begun to wait.
func TestCloseReachesWhoIsAboutToWait(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s, peer := connectPair(t, "tcp", makers[0], makers[0])
	defer peer.Close()
	c := s.(*TCPConn)
	uvtest.Check(t, c.acquire())
	fd, err := duplicate(c.fd)
	uvtest.Check(t, err)
	p := new(poller)
	p.init(c.w, c.net, fd, nil, nil)
	c.mu.Lock()
	c.poller = p
	c.mu.Unlock()
	uvtest.Check(t, c.Close())
	_ = p.wait(&p.rd) // or it waits for ever
	p.closeAndWait()
	c.release()
}
