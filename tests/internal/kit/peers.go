package kit

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// ListenTCP returns the address of a std listener that reads its peers to the
// end. Everything of it is gone when the test ends.
func ListenTCP(t testing.TB) netip.AddrPort {
	ln := uvtest.Must(net.Listen("tcp", looptest.Loopback.String()))
	discard(t, ln)
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

// ListenUnix is listenTCP on a unix socket.
func ListenUnix(t testing.TB) (path string) {
	path = uvtest.SocketPath(t)
	discard(t, uvtest.Must(net.Listen("unix", path)))
	return path
}

func discard(t testing.TB, ln net.Listener) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	ended := false
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			if conns = append(conns, c); ended {
				c.Close()
			}
			mu.Unlock()
			wg.Go(func() {
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		ended = true
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
}
