package uvnet

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestOwnGroup: a Net on a group of one's own; when the group has been shut
// down, calls end.
func TestOwnGroup(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	g, err := uvgo.NewGroup(2, uvgo.WithParking(uvgo.ParkGoroutine))
	uvtest.Check(t, err)
	ran := make(chan error, 1)
	go func() { ran <- g.Run(context.Background()) }()
	n := New(g)
	ln, err := n.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	c, err := n.Dial("tcp", ln.Addr().String())
	uvtest.Check(t, err)
	s, err := ln.Accept()
	uvtest.Check(t, err)
	uvtest.Check(t, write(c))
	uvtest.Check(t, read(s))
	waiting := make(chan error, 2)
	go func() { waiting <- read(s) }()
	go func() { _, err := ln.Accept(); waiting <- err }()
	uvtest.Check(t, g.Shutdown(context.Background()))
	uvtest.Check(t, <-ran)
	for range 2 {
		if err := <-waiting; !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Shutdown: %v", err)
		}
	}
	c.Close()
	s.Close()
	ln.Close()
	if _, err := n.Dial("tcp", "127.0.0.1:1"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dial after Shutdown: %v", err)
	}
}
