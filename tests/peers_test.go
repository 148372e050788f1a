package tests

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// anyPort is the loopback address with a port that the system chooses.
var anyPort = netip.MustParseAddrPort("127.0.0.1:0")

// listenTCP returns the address of a std listener that reads its peers to the
// end. Everything of it is gone when the test ends.
func listenTCP(t testing.TB) netip.AddrPort {
	ln := must(net.Listen("tcp", anyPort.String()))
	discard(t, ln)
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

// listenUnix is listenTCP on a unix socket.
func listenUnix(t testing.TB) (path string) {
	path = uvtest.SocketPath(t)
	discard(t, must(net.Listen("unix", path)))
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
