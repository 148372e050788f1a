package uvnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A tracer notes what the hooks are told.
type tracer struct {
	mu   sync.Mutex
	seen []string
}

func (tr *tracer) note(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.seen = append(tr.seen, fmt.Sprintf(format, args...))
}

// context has hooks for lookups, connections, or both.
func (tr *tracer) context(lookups, connects bool) context.Context {
	h := new(httptrace.ClientTrace)
	if lookups {
		h.DNSStart = func(i httptrace.DNSStartInfo) { tr.note("DNSStart %s", i.Host) }
		h.DNSDone = func(i httptrace.DNSDoneInfo) { tr.note("DNSDone %v, %v", i.Addrs, i.Err) }
	}
	if connects {
		h.ConnectStart = func(n, a string) { tr.note("ConnectStart %s %s", n, a) }
		h.ConnectDone = func(n, a string, err error) { tr.note("ConnectDone %s %s: %v", n, a, err) }
	}
	return httptrace.WithClientTrace(context.Background(), h)
}

// TestHTTPTrace: the hooks of an httptrace.ClientTrace are told what package
// net's dialer tells them, once.
func TestHTTPTrace(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	ln := listenIn(t, worlds[1], "tcp4")
	defer ln.Close()
	ul := listenIn(t, worlds[1], "unix")
	defer ul.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	none := filepath.Join(t.TempDir(), "none")
	for _, to := range [][2]string{
		{"tcp", "localhost:" + port}, {"tcp4", "localhost:" + port}, {"tcp", ln.Addr().String()}, {"tcp", ":" + port},
		{"tcp", uvtest.RefusingTCP(t).String()}, {"tcp", "[::]:" + port}, {"tcp4", "[::1]:" + port}, {"tcp", "no name:1"}, {"tcp", "\xff:1"},
		{"udp", "localhost:" + port}, {"udp", ln.Addr().String()}, {"unix", ul.Addr().String()}, {"unix", none}, {"tpc", "x:1"},
	} {
		for _, hooks := range [][2]bool{{true, true}, {true, false}, {false, true}} {
			var ours, theirs tracer
			for d, tr := range map[dialer]*tracer{&Dialer{}: &ours, &net.Dialer{}: &theirs} {
				if c, err := d.DialContext(tr.context(hooks[0], hooks[1]), to[0], to[1]); err == nil {
					c.Close()
				}
			}
			if diff := cmp.Diff(theirs.seen, ours.seen); diff != "" {
				t.Errorf("%s %s (-net +uvnet)\n%s", to[0], to[1], diff)
			}
		}
	}
}

// TestHTTPTraceOfLibuv: lookups of libuv's resolver are told, too.
func TestHTTPTraceOfLibuv(t *testing.T) {
	ln := listenIn(t, worlds[1], "tcp4")
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	var tr tracer
	c, err := (&Dialer{UVResolver: &Resolver{Libuv: true}}).DialContext(tr.context(true, true), "tcp4", "localhost:"+port)
	uvtest.Check(t, err)
	c.Close()
	if len(tr.seen) != 4 || tr.seen[0] != "DNSStart localhost" || tr.seen[1] != "DNSDone [{127.0.0.1 }], <nil>" {
		t.Errorf("%q", tr.seen)
	}
}

// TestHTTPTraceOfNameServer: a connection to a name server is not the caller's,
// whichever package makes it.
func TestHTTPTraceOfNameServer(t *testing.T) {
	boom := errors.New("boom")
	for _, own := range []dialer{&Dialer{}, &net.Dialer{}} {
		var tr tracer
		r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if c, err := own.DialContext(ctx, "udp", "127.0.0.1:9"); err == nil {
				c.Close()
			}
			return nil, boom
		}}
		if _, err := (&Dialer{Resolver: r}).DialContext(tr.context(true, true), "tcp", "nobody.invalid.:1"); err == nil {
			t.Error("nobody.invalid has an address")
		}
		if len(tr.seen) != 2 || slices.ContainsFunc(tr.seen, func(s string) bool { return s[:3] != "DNS" }) {
			t.Errorf("%T: %q", own, tr.seen)
		}
	}
}

// TestControlContextKeepsTrace: the user's hook gets the context of the dial.
func TestControlContextKeepsTrace(t *testing.T) {
	var tr tracer
	ctx := tr.context(true, true)
	for _, network := range []string{"tcp", "udp"} {
		called := false
		d := &Dialer{ControlContext: func(got context.Context, _, _ string, _ syscall.RawConn) error {
			called = true
			if httptrace.ContextClientTrace(got) != httptrace.ContextClientTrace(ctx) {
				t.Errorf("%s: another trace", network)
			}
			return errors.New("enough")
		}}
		if _, err := d.DialContext(ctx, network, "127.0.0.1:1"); err == nil || !called {
			t.Errorf("%s: %v, called %v", network, err, called)
		}
	}
}
