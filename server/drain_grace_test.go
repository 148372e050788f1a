package server_test

import (
	"context"
	"crypto/tls"
	"io"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestShutdownGraceAnswersWhatIsOnItsWay: with ShutdownGrace a connection that is idle when Shutdown begins, and one that has never sent
// anything, are answered, once the server no longer listens; without it they end.
func TestShutdownGraceAnswersWhatIsOnItsWay(t *testing.T) {
	for _, carrier := range []string{"tcp", "unix", "TLS 1.3"} {
		for _, loops := range []int{1, 3} {
			t.Run(carrier, func(t *testing.T) {
				h := newProbe(t)
				h.onData = func(c *server.Conn, p []byte) { uvtest.Must(c.Write(p)) }
				s := &server.Server{Handler: h, Loops: loops, ShutdownGrace: time.Hour, CloseTimeout: 2 * time.Hour}
				r := runCarried(t, s, carrier)
				fresh, idle := r.dial(), r.dial()
				ask := func(c io.ReadWriter) {
					uvtest.Must(c.Write([]byte("question")))
					uvtest.Must(io.ReadFull(c, make([]byte, 8)))
				}
				ask(idle)
				if tc, ok := fresh.(*tls.Conn); ok {
					uvtest.Check(t, tc.Handshake())
				}
				<-h.opened
				<-h.opened
				ended := make(chan error, 1)
				go func() { ended <- s.Shutdown(context.Background()) }()
				<-s.ListenersClosed()
				ask(fresh)
				ask(idle)
				ask(idle)
				uvtest.Check(t, fresh.Close())
				uvtest.Check(t, idle.Close()) // the last: Shutdown does not wait for the end of the grace
				uvtest.Check(t, <-ended)
			})
		}
	}
}

// TestShutdownGraceEnds: then idle connections are closed; without any Shutdown does not wait for it.
func TestShutdownGraceEnds(t *testing.T) {
	h := newProbe(t)
	s := &server.Server{Handler: h, Loops: 2, ShutdownGrace: 20 * time.Millisecond}
	r := runCarried(t, s, "tcp")
	c := r.dial()
	defer c.Close()
	<-h.opened
	began := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(context.Background()) }()
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the connection ends with %d, %v", n, err)
	}
	if d := time.Since(began); d < 20*time.Millisecond {
		t.Errorf("the connection ends after %v", d)
	}
	uvtest.Check(t, c.Close())
	uvtest.Check(t, <-ended)

	h = newProbe(t)
	s = &server.Server{Handler: h, Loops: 2, ShutdownGrace: time.Hour}
	uvtest.Check(t, runCarried(t, s, "tcp").dial().Close())
	<-h.closed
	uvtest.Check(t, s.Shutdown(context.Background()))
}
