package server_test

import (
	"testing"
	"time"

	"github.com/uvgo/uvgo/server"
)

// TestShutdownRefusesDial: a Dial in the last Close would delay Shutdown for DialTimeout.
func TestShutdownRefusesDial(t *testing.T) {
	addr := fullBacklog(t)
	opened, refused := make(chan bool, 1), make(chan error, 1)
	h := &handler{open: func(*server.Conn) { opened <- true }}
	h.close = func(c *server.Conn, _ error) {
		_, err := c.Dial("tcp", addr, h)
		refused <- err
	}
	r := run(t, &server.Server{Handler: h, Loops: 1, DialTimeout: 100 * maxWait, CloseTimeout: time.Millisecond})
	r.dial()
	<-opened
	r.stop()
	if err := <-refused; err != server.ErrServerClosed {
		t.Errorf("Dial: %v", err)
	}
	if n := r.Stats(); n.DialConns != 0 || n.DialFailed != 0 {
		t.Errorf("%+v", n)
	}
}
