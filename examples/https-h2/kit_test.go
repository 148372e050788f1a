package main

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// TestMain starts the default group before the leak check begins, because the group
// runs as long as the process.
func TestMain(m *testing.M) {
	if ln, err := uvnet.Listen("tcp", "127.0.0.1:0"); err == nil {
		for range 4 {
			if c, err := uvnet.Dial("tcp", ln.Addr().String()); err == nil {
				c.Close()
			}
		}
		ln.Close()
	}
	uvtest.Main(m)
}
