package requests_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

func newLoop(t testing.TB, opts ...uvgo.Option) *uvgo.Loop {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	return looptest.New(t, opts...)
}

// must unwraps a result of a call that cannot fail in a test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func isErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// pair returns both ends of a new connection.
func pair(t testing.TB, l *uvgo.Loop) (client, server *handles.TCP) {
	t.Helper()
	ln := must(l.NewTCP())
	check(t, ln.Bind(loopback))
	check(t, ln.Listen(1, func(c *handles.TCP, err error) {
		check(t, err)
		server = c
	}))
	client = must(l.NewTCP())
	connected := false
	check(t, client.Connect(must(ln.LocalAddr()), func(err error) {
		check(t, err)
		connected = true
	}))
	for !connected || server == nil {
		must(l.RunOnce())
	}
	check(t, ln.Close())
	return client, server
}
