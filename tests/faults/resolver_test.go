package faults

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// A resolver never answers: a dial ends with its context, and connections and timers go on
// meanwhile.
func TestSilentResolverHoldsNothingElseUp(t *testing.T) {
	nameserver, err := net.ListenPacket("udp", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer nameserver.Close()
	asked := make(chan struct{}, 100)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for buf := make([]byte, 1500); ; {
			if _, _, err := nameserver.ReadFrom(buf); err != nil {
				return
			}
			asked <- struct{}{}
		}
	}()
	defer func() { nameserver.Close(); <-heard }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resolver := &net.Resolver{PreferGo: true, Dial: func(dial context.Context, _, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(dial, "udp", nameserver.LocalAddr().String())
		if err == nil {
			context.AfterFunc(ctx, func() { c.Close() }) // package net itself waits on for its timeout
		}
		return c, err
	}}
	const dials = 8 // more than libuv's pool has threads
	failed := make(chan error, dials)
	for range dials {
		go func() {
			d := uvnet.Dialer{Resolver: resolver}
			c, err := d.DialContext(ctx, "tcp", "nobody-answers.example:80")
			if err == nil {
				c.Close()
			}
			failed <- err
		}()
	}
	<-asked

	ln, err := uvnet.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	go func() {
		c, err := ln.Accept()
		if err == nil {
			_, _ = c.(*uvnet.TCPConn).WriteTo(c)
			c.Close()
		}
	}()
	c, err := uvnet.Dial("tcp", ln.Addr().String())
	uvtest.Check(t, err)
	p, _ := payload(100_000)
	uvtest.Check(t, exchange(c, p))
	c.Close()
	ln.Close()
	l := looptest.New(t, uvgo.WithName("beside a silent resolver"))
	fired := false
	timer := uvtest.Must(l.NewTimer())
	uvtest.Check(t, timer.Start(time.Millisecond, 0, func() { fired = true; timer.Close() }))
	looptest.Run(t, l)
	if !fired {
		t.Error("the timer did not fire")
	}
	select {
	case err := <-failed:
		t.Errorf("a dial ended before its context: %v", err)
	default:
	}
	cancel()
	for range dials {
		if err := <-failed; !errors.Is(err, context.Canceled) {
			var op *net.OpError
			if !errors.As(err, &op) {
				t.Errorf("a dial whose context was cancelled: %v", err)
			}
		}
	}
}
