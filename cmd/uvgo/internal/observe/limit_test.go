package observe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
)

// TestConnectionsThatAreTooManyAreClosed while all are busy, and the end of one makes room for another.
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
	busy := func(c net.Conn) { answering(withConn(context.Background(), c), true) }
	busy(first)
	busy(second)
	c := dial()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the third: %v", err)
	}
	uvtest.Check(t, first.Close())
	_ = first.Close() // again: it makes no more room
	d := dial()
	third := <-accepted
	busy(third)
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

// TestClientsThatSendNothingKeepNobodyOut: the oldest of them makes room.
func TestClientsThatSendNothingKeepNobodyOut(t *testing.T) {
	s := &Server{Registry: new(metrics.Registry)}
	s.Start()
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	var hold []net.Conn
	for range maxConns + 10 {
		c := uvtest.Must(net.Dial("tcp", ln.Addr().String()))
		uvtest.Must(io.WriteString(c, "GET /metrics HTTP/1.1\r\n")) // and no more
		hold = append(hold, c)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + ln.Addr().String() + "/metrics")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
	for _, c := range hold {
		c.Close()
	}
	uvtest.Check(t, s.Close())
	<-served
}
