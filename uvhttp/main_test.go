package uvhttp

import (
	"fmt"
	"net"
	"runtime"
	"testing"

	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// TestMain starts uvnet's default loops first: they live as long as the process.
func TestMain(m *testing.M) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	var conns []net.Conn
	for range 2 * runtime.GOMAXPROCS(0) { // each loop gets one
		c, err := uvnet.Dial("tcp", ln.Addr().String())
		if err != nil {
			panic(err)
		}
		conns = append(conns, c)
	}
	for _, c := range conns {
		_, _ = c.Read(make([]byte, 1)) // EOF
		c.Close()
	}
	ln.Close()
	loops := core.OpenLoops()
	uvtest.Main(m, func() error {
		if n := core.OpenLoops() - loops; n != 0 {
			return fmt.Errorf("%d loops were not closed", n)
		}
		return nil
	})
}
