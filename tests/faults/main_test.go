// Package faults has faults on purpose: memory, descriptors, disks, clocks, resolvers and
// peers that fail. docs/reliability.md says what is promised for each.
package faults

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// TestMain starts uvnet's default loops first: they live as long as the process.
func TestMain(m *testing.M) {
	kept := 0
	before := func() {
		ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
		defer ln.Close()
		for range 2 * runtime.GOMAXPROCS(0) {
			c := uvtest.Must(uvnet.Dial("tcp", ln.Addr().String()))
			uvtest.Must(ln.Accept()).Close()
			_, _ = c.Read(make([]byte, 1)) // the end
			c.Close()
		}
		kept = core.OpenLoops()
	}
	if os.Getenv("UVGO_TEST_HELPER") == "" { // helpers count their own
		before()
	}
	uvtest.Main(m, func() error {
		if n := core.OpenLoops(); n != kept {
			return fmt.Errorf("%d loops were not closed", n-kept)
		}
		return nil
	})
}
