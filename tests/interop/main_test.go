package interop

import (
	"runtime"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// TestMain has a connection made on each of the default group's loops before it
// counts what is open: they live as long as the process.
func TestMain(m *testing.M) {
	if ln, err := uvnet.Listen("tcp", "127.0.0.1:0"); err == nil {
		for range 2 * runtime.GOMAXPROCS(0) {
			if c, err := uvnet.Dial("tcp", ln.Addr().String()); err == nil {
				c.Close()
			}
		}
		ln.Close()
	}
	uvtest.Main(m)
}
