// Package http holds uvhttp.Server to net/http's: both get the same requests, byte by byte, and must give
// the same answers. It also has clients and handlers that behave badly.
package http

import (
	"fmt"
	"net"
	"runtime"
	"testing"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// TestMain starts uvnet's default loops first: hijacked connections are on them, and they live as long as the process.
func TestMain(m *testing.M) {
	startDefaultLoops()
	kept := core.OpenLoops()
	uvtest.Main(m, func() error {
		if n := core.OpenLoops(); n != kept {
			return fmt.Errorf("%d loops were not closed", n-kept)
		}
		return nil
	})
}

// startDefaultLoops opens a connection on each.
func startDefaultLoops() {
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	defer ln.Close()
	for range 2 * runtime.GOMAXPROCS(0) {
		c := uvtest.Must(uvnet.Dial("tcp", ln.Addr().String()))
		uvtest.Must(ln.Accept()).Close()
		_, _ = c.Read(make([]byte, 1)) // the end
		c.Close()
	}
}
