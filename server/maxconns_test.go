package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// TestMaxConnsServesAllInTurn: many clients come at once. Never are more connections open than
// the limit allows, and each client is served.
func TestMaxConnsServesAllInTurn(t *testing.T) {
	for _, loops := range []int{1, 3} {
		t.Run(fmt.Sprint(loops, " loops"), func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, addr string) {
				const limit, clients, rounds = 4, 40, 5
				var open, most atomic.Int64
				h := echo(t)
				h.onOpen = func(*server.Conn) {
					for n := open.Add(1); ; {
						if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
							return
						}
					}
				}
				h.onClose = func(*server.Conn, error) { open.Add(-1) }
				r := run(t, &server.Server{Handler: h, Loops: loops, MaxConns: limit, Logger: quiet()}, addr)
				var wg sync.WaitGroup
				for i := range clients {
					wg.Go(func() {
						for j := range rounds {
							c := r.dial()
							roundTrip(t, c, fmt.Sprint("client ", i, " round ", j))
							c.Close()
						}
					})
				}
				wg.Wait()
				for range clients * rounds {
					<-h.closed
				}
				if m := most.Load(); m > limit {
					t.Errorf("%d connections were open at once, limit %d", m, limit)
				}
				s := r.Stats()
				if s.Accepted != clients*rounds || s.Conns != 0 || s.Dropped != 0 || s.Pauses == 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// TestMaxConnsPausesListeners: a connection beyond the limit waits, and is opened when another
// ends. The Logger hears of it once.
func TestMaxConnsPausesListeners(t *testing.T) {
	for _, loops := range []int{1, 3} {
		eachNetwork(t, func(t *testing.T, addr string) {
			var reports atomic.Int64
			log := slog.New(&journal{note: func(slog.Record) { reports.Add(1) }})
			h := echo(t)
			r := run(t, &server.Server{Handler: h, Loops: loops, MaxConns: 2, Logger: log}, addr)
			first, second := r.dial(), r.dial()
			roundTrip(t, first, "first")
			roundTrip(t, second, "second")
			third := r.dial()
			send(t, third, []byte("third"))
			for r.Stats().Pauses == 0 {
				roundTrip(t, first, "the others are served")
			}
			if s := r.Stats(); len(h.opened) != 2 || s.Conns != 2 || s.Accepted != 2 {
				t.Errorf("%d opened, %+v", len(h.opened), s)
			}
			first.Close()
			if got := receive(t, third, 5); string(got) != "third" {
				t.Errorf("echo %q", got)
			}
			if n := reports.Load(); n != 1 {
				t.Errorf("%d reports", n)
			}
		})
	}
}

// TestShutdownClosesWaitingConnections: those that have no place, accepted or not, are closed, and
// Shutdown does not wait for them.
func TestShutdownClosesWaitingConnections(t *testing.T) {
	for _, loops := range []int{1, 3} {
		eachNetwork(t, func(t *testing.T, addr string) {
			h := echo(t)
			r := run(t, &server.Server{Handler: h, Loops: loops, MaxConns: 1, Logger: quiet()}, addr)
			roundTrip(t, r.dial(), "hello")
			var reads []chan error
			for range 20 {
				c := r.dial()
				read := make(chan error, 1)
				reads = append(reads, read)
				go func() { _, err := c.Read(make([]byte, 1)); read <- err }()
			}
			for r.Stats().Pauses == 0 {
				r.dial() // reaches another listener
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if err := r.Shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			for _, read := range reads {
				if err := <-read; err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("a waiting client read %v", err)
				}
			}
			if s := r.Stats(); s.Conns != 0 || s.Accepted > 1+uint64(loops) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestMaxConnsPerIP: one connection too many of an address is closed without Open, and counted.
// Others are served, and a new one once another has ended.
func TestMaxConnsPerIP(t *testing.T) {
	for _, loops := range []int{1, 3} {
		t.Run(fmt.Sprint(loops, " loops"), func(t *testing.T) {
			var reports atomic.Int64
			begin := time.Now()
			log := slog.New(&journal{note: func(rec slog.Record) {
				reports.Add(1)
				rec.Attrs(func(a slog.Attr) bool {
					if err, ok := a.Value.Any().(error); ok && !errors.Is(err, server.ErrTooManyConns) {
						t.Errorf("report of %v", err)
					}
					return true
				})
			}})
			h := echo(t)
			r := run(t, &server.Server{Handler: h, Loops: loops, MaxConnsPerIP: 2, CloseTimeout: 20 * time.Millisecond, Logger: log}, anyTCP, "unix://"+uvtest.SocketPath(t))
			first, second := r.dial(), r.dial()
			roundTrip(t, first, "first")
			roundTrip(t, second, "second")
			for range 5 {
				c := r.dial()
				if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Errorf("one too many read %d, %v", n, err)
				}
			}
			other := dialFrom(t, r.Addrs()[0], "127.0.0.2")
			roundTrip(t, other, "of another address")
			for range 3 {
				roundTrip(t, r.dialAddr(r.Addrs()[1]), "unix")
			}
			for r.Stats().Closed.TooManyConns != 5 { // its close event may be still to come
				roundTrip(t, other, "go on")
			}
			first.Close()
			<-h.closed
			roundTrip(t, r.dial(), "in the place of the first")
			want := server.Closed{ByPeer: 1, TooManyConns: 5}
			if diff := cmp.Diff(want, r.Stats().Closed); diff != "" {
				t.Errorf("Stats (-want +got):\n%s", diff)
			}
			if n := reports.Load(); n < 1 || n > 1+int64(time.Since(begin)/time.Second) {
				t.Errorf("%d reports", n)
			}
			r.stop()
			if n := server.CountedAddrs(r.Server); n != 0 {
				t.Errorf("%d addresses are left in the table", n)
			}
		})
	}
}

// TestAddrsThatCountAsOne: what a single host can choose among counts as one address.
func TestAddrsThatCountAsOne(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"64:ff9b::192.0.2.1", "192.0.2.1", true},
		{"64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", false},
		{"::1", "127.0.0.1", false},
	} {
		if got := server.CountAsOne(tt.a, tt.b); got != tt.same {
			t.Errorf("%s and %s count as one: %v", tt.a, tt.b, got)
		}
	}
}

// TestNegativeConnLimitsAreRefused before anything listens.
func TestNegativeConnLimitsAreRefused(t *testing.T) {
	for name, s := range map[string]*server.Server{"MaxConns": {MaxConns: -1}, "MaxConnsPerIP": {MaxConnsPerIP: -1}} {
		s.Handler = echo(t)
		uvtest.IsErr(t, name, s.Listen(anyTCP), uv.EINVAL)
	}
}
