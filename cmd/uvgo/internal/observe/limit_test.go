package observe

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestConnectionsThatAreTooManyAreClosed, and the end of one makes room for another.
func TestConnectionsThatAreTooManyAreClosed(t *testing.T) {
	ln := limited(uvtest.Must(net.Listen("tcp", "127.0.0.1:0")), 2)
	defer ln.Close()
	accepted := make(chan net.Conn)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn { return uvtest.Must(net.Dial("tcp", ln.Addr().String())) }
	a, b := dial(), dial()
	first, second := <-accepted, <-accepted
	c := dial()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the third: %v", err)
	}
	uvtest.Check(t, first.Close())
	_ = first.Close() // again: it makes no more room
	d := dial()
	third := <-accepted
	e := dial()
	if _, err := e.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one more: %v", err)
	}
	for _, c := range []net.Conn{a, b, c, d, e, second, third} {
		_ = c.Close()
	}
	_ = ln.Close()
	<-done
}
