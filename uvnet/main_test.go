package uvnet

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestMain starts the default group first, and gives each loop a connection:
// both live as long as the process, and what libuv keeps for them is no leak.
func TestMain(m *testing.M) {
	n, err := defaultNet()
	if err != nil {
		panic(err)
	}
	ln, err := Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	for _, w := range n.workers {
		c, err := (&Dialer{Loops: &Net{workers: []*worker{w}}}).Dial("tcp", ln.Addr().String())
		if err != nil {
			panic(err)
		}
		c.Close()
	}
	ln.Close()
	uvtest.Main(m)
}
