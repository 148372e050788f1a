package server_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestAddressesAreResolvedAsByNet compares what a server listens on with
// net.ResolveTCPAddr, whose lookups no context ends.
func TestAddressesAreResolvedAsByNet(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4", "tcp6"} {
		for _, addr := range []string{
			"127.0.0.1:80", "127.0.0.1:http", "127.0.0.1:", "0.0.0.0:5", "localhost:80", "[localhost]:80", "[::1]:1", "[::]:1",
			"[::ffff:1.2.3.4]:5", "[fe80::1%lo]:1", "::1:5", "localhost", "a:b:c", "[::1", "127.0.0.1:nosuch",
			"127.0.0.1:70000", "127.0.0.1:-1", "a b:1", "nosuchhost.invalid:1",
		} {
			got, err := server.Resolve(context.Background(), network, addr)
			want, wantErr := net.ResolveTCPAddr(network, addr)
			if (err == nil) != (wantErr == nil) {
				t.Errorf("%s %s: %v, want %v", network, addr, err, wantErr)
				continue
			}
			if err != nil {
				if err.Error() != wantErr.Error() {
					t.Errorf("%s %s: %q, want %q", network, addr, err, wantErr)
				}
				continue
			}
			at := want.AddrPort()
			if fmt.Sprint(got) != fmt.Sprint(at) && at.Addr().Zone() == "" && got.Addr() != at.Addr().Unmap() {
				t.Errorf("%s %s: %v, want %v", network, addr, got, at)
			}
		}
	}
}

// blockLookups makes lookups of names that no file has wait for their context. It returns a
// channel that gets a value for each that waits.
func blockLookups(t *testing.T) (waiting chan bool) {
	waiting = make(chan bool, 100)
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	ended := make(chan struct{})
	t.Cleanup(sync.OnceFunc(func() { close(ended) }))
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		waiting <- true
		select {
		case <-ctx.Done():
		case <-ended:
		}
		return nil, context.Cause(ctx)
	}}
	return waiting
}

// TestLookupEndsWithTheContext: ListenAndServe gives a name up when its context ends.
func TestLookupEndsWithTheContext(t *testing.T) {
	uvtest.Watchdog(t, 2*maxWait)
	waiting := blockLookups(t)
	ctx, cancel := context.WithCancel(context.Background())
	s := &server.Server{Handler: newProbe(t), Loops: 2}
	served := make(chan error)
	go func() { served <- s.ListenAndServe(ctx, anyTCP, "tcp://a.name.invalid:80") }()
	<-waiting
	cancel()
	if err := <-served; !errors.Is(err, context.Canceled) {
		t.Errorf("ListenAndServe: %v", err)
	}
	uvtest.Check(t, s.Listen(anyTCP)) // nothing of the failed call is left
	uvtest.Check(t, s.Shutdown(t.Context()))
}

// TestLookupHoldsNothingUp asks, and then ends, a server of which a call of ListenAndServe
// waits for a name.
func TestLookupHoldsNothingUp(t *testing.T) {
	uvtest.Watchdog(t, 2*maxWait)
	waiting := blockLookups(t)
	ctx, cancel := context.WithCancel(context.Background())
	path := uvtest.SocketPath(t)
	s := &server.Server{Handler: newProbe(t), Loops: 2}
	served := make(chan error)
	go func() { served <- s.ListenAndServe(ctx, "unix://"+path, "tcp://a.name.invalid:80") }()
	<-waiting
	if a := s.Addrs(); len(a) != 0 {
		t.Errorf("it listens on %v", a)
	}
	s.Stats()
	uvtest.Check(t, s.Listen(anyTCP))
	uvtest.Check(t, s.Shutdown(t.Context()))
	cancel()
	if err := <-served; err == nil {
		t.Error("ListenAndServe succeeds with a server that was shut down")
	}
	if err := s.Listen(anyTCP); !errors.Is(err, server.ErrServerClosed) {
		t.Errorf("Listen after Shutdown: %v", err)
	}
	if _, err := net.Dial("unix", path); err == nil {
		t.Error("the unix socket of the failed call is left")
	}
}
