package uvnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// resolvers are those of uvnet: package net's in three forms, and libuv's.
var resolvers = map[string]*Resolver{"nil": nil, "zero": {}, "of net": {Std: &net.Resolver{PreferGo: true}}, "of libuv": {Libuv: true}}

// TestResolver asks for what every machine knows; package net's answers are
// uvnet's own.
func TestResolver(t *testing.T) {
	ctx := context.Background()
	want, err := net.DefaultResolver.LookupHost(ctx, "localhost")
	uvtest.Check(t, err)
	four := netip.MustParseAddr("127.0.0.1")
	for name, r := range resolvers {
		t.Run(name, func(t *testing.T) {
			hosts, err := r.LookupHost(ctx, "localhost")
			uvtest.Check(t, err)
			for _, a := range hosts {
				if !slices.Contains(want, a) {
					t.Errorf("localhost is %v here and %v to package net", hosts, want)
				}
			}
			ips, err := r.LookupNetIP(ctx, "ip4", "localhost")
			if err != nil || !slices.ContainsFunc(ips, func(ip netip.Addr) bool { return ip.Unmap() == four }) {
				t.Errorf("ip4 localhost: %v, %v", ips, err)
			}
			old, err := r.LookupIP(ctx, "ip4", "localhost")
			if err != nil || !slices.ContainsFunc(old, net.IP(four.AsSlice()).Equal) {
				t.Errorf("ip4 localhost: %v, %v", old, err)
			}
			ips, err = r.LookupNetIP(ctx, "ip", "::1")
			if err != nil || len(ips) != 1 || ips[0] != netip.IPv6Loopback() {
				t.Errorf("a literal: %v, %v", ips, err)
			}
			zoned, err := r.LookupIPAddr(ctx, "fe80::1%lo")
			if err != nil || len(zoned) != 1 || zoned[0].Zone != "lo" {
				t.Errorf("a literal with a zone: %v, %v", zoned, err)
			}
			if _, err := r.LookupAddr(ctx, "nonsense"); err == nil {
				t.Error("nonsense has a name")
			}
			if port, err := r.LookupPort(ctx, "tcp", "http"); err != nil || port != 80 {
				t.Errorf("http: %d, %v", port, err)
			}
			names, err := r.LookupAddr(ctx, "127.0.0.1")
			all, nerr := net.DefaultResolver.LookupAddr(ctx, "127.0.0.1")
			if r != nil && r.Libuv { // which knows one
				if err == nil && nerr == nil && (len(names) != 1 || !slices.ContainsFunc(all, func(n string) bool { return strings.TrimSuffix(n, ".") == strings.TrimSuffix(names[0], ".") })) {
					t.Errorf("127.0.0.1 is %v, and %v to package net", names, all)
				}
			} else if diff := cmp.Diff(all, names); diff != "" || (err == nil) != (nerr == nil) {
				t.Errorf("127.0.0.1 is %v (%v), and %v (%v) to package net", names, err, all, nerr)
			}
		})
	}
}

// TestMalformedNames: what no host can be called is not found, by any resolver.
func TestMalformedNames(t *testing.T) {
	for name, r := range resolvers {
		for _, host := range []string{"", strings.Repeat("x", 300), strings.Repeat("abcdefghi.", 30), strings.Repeat("x", 64), "a\x00b", "\xff\xfe"} {
			_, err := r.LookupHost(context.Background(), host)
			var dns *net.DNSError
			if !errors.As(err, &dns) || dns.Err != "no such host" || !dns.IsNotFound {
				t.Errorf("resolver %s, %.12q: %#v", name, host, err)
			}
			if host == "" {
				continue
			}
			_, err = (&Dialer{UVResolver: r}).Dial("tcp", host+":1")
			if !errors.As(err, &dns) || !dns.IsNotFound {
				t.Errorf("dial, resolver %s, %.12q: %v", name, host, err)
			}
		}
	}
	if _, err := new(Resolver).LookupNetIP(context.Background(), "tcp", "localhost"); err == nil {
		t.Error("network tcp is accepted")
	}
	if _, err := (&Resolver{Libuv: true}).LookupNetIP(context.Background(), "tcp", "localhost"); err == nil {
		t.Error("network tcp is accepted by libuv's")
	}
}

// A silent is a name server that answers nothing, and tells of each question.
type silent struct {
	net.PacketConn
	asked chan struct{}
	mu    sync.Mutex
	conns []net.Conn // whose questions would go on for seconds after the test
	ended bool
}

func newSilent(t *testing.T) *silent {
	p, err := net.ListenPacket("udp4", "127.0.0.1:0")
	uvtest.Check(t, err)
	s := &silent{PacketConn: p, asked: make(chan struct{}, 1000)}
	go func() {
		for buf := make([]byte, 512); ; {
			if _, _, err := p.ReadFrom(buf); err != nil {
				return
			}
			s.asked <- struct{}{}
		}
	}()
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		p.Close()
		for _, c := range s.conns {
			c.Close()
		}
		s.ended = true
	})
	return s
}

// resolver asks the name server only.
func (s *silent) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ended {
			return nil, net.ErrClosed
		}
		c, err := new(net.Dialer).DialContext(ctx, "udp", s.LocalAddr().String())
		if err == nil {
			s.conns = append(s.conns, c)
		}
		return c, err
	}}
}

// TestNamesWithoutAnswer: however many names get no answer, other lookups and
// dials go on.
func TestNamesWithoutAnswer(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	ln, err := Listen("tcp4", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	s := newSilent(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const many = 40
	d := &Dialer{Resolver: s.resolver()}
	var back atomic.Int32
	ended := make(chan error)
	for i := range many {
		go func() {
			_, err := d.DialContext(ctx, "tcp4", "nobody"+strings.Repeat("x", i)+".invalid.:1")
			back.Add(1)
			ended <- err
		}()
	}
	for range many {
		<-s.asked
	}
	for _, d := range []*Dialer{{}, d, {UVResolver: &Resolver{Std: s.resolver()}}} {
		c, err := d.Dial("tcp", "localhost:"+port)
		uvtest.Check(t, err)
		c.Close()
	}
	if _, err := new(Resolver).LookupHost(ctx, "localhost"); err != nil {
		t.Error(err)
	}
	if n := back.Load(); n > 0 {
		t.Errorf("dials of localhost took as long as %d lookups without an answer", n)
	}
	cancel()
	for range many {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// TestLookupEnds: what a program sees when its context ends a lookup is what
// package net shows.
func TestLookupEnds(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s := newSilent(t)
	for _, how := range []string{"cancelled", "too late"} {
		var got [2]shape
		for i, d := range []dialer{&Dialer{Resolver: s.resolver()}, &net.Dialer{Resolver: s.resolver()}} {
			ctx, cancel := context.WithCancel(context.Background())
			if how == "too late" {
				ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
			} else {
				go func() { <-s.asked; cancel() }()
			}
			_, err := d.DialContext(ctx, "tcp4", "nobody.invalid.:1")
			cancel()
			got[i] = shapeOf(err)
		}
		if diff := cmp.Diff(got[1], got[0]); diff != "" {
			t.Errorf("%s (-net +uvnet)\n%s", how, diff)
		}
	}
}

// TestLibuvLookupEnds: libuv's resolver ends with its context as well.
func TestLibuvLookupEnds(t *testing.T) {
	r := &Resolver{Libuv: true}
	var dns *net.DNSError
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.LookupHost(ctx, "localhost"); !errors.As(err, &dns) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), -time.Second)
	defer cancel()
	if _, err := r.LookupHost(ctx, "localhost"); !errors.As(err, &dns) || !dns.Timeout() {
		t.Errorf("too late: %v", err)
	}
}

// TestDialByName goes through each resolver, and over both families if there are
// both.
func TestDialByName(t *testing.T) {
	ln, err := Listen("tcp4", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	for name, r := range resolvers {
		for _, network := range []string{"tcp", "tcp4"} {
			c, err := (&Dialer{UVResolver: r}).Dial(network, "localhost:"+port)
			if err != nil {
				t.Errorf("resolver %s, %s: %v", name, network, err)
				continue
			}
			c.Close()
		}
	}
}

// TestShortAddressIsNoName: "127.1" has no meaning to package net's resolver, and
// is an address to getaddrinfo.
func TestShortAddressIsNoName(t *testing.T) {
	ips, err := (&Resolver{Libuv: true}).LookupHost(context.Background(), "127.1")
	if err != nil || !slices.Equal(ips, []string{"127.0.0.1"}) {
		t.Errorf("libuv: %v, %v", ips, err)
	}
	var dns *net.DNSError
	r := &net.Resolver{PreferGo: true}
	for _, d := range []*Dialer{{Resolver: r}, {UVResolver: &Resolver{Std: r}}} {
		if _, err := d.Dial("tcp", "127.1:1"); !errors.As(err, &dns) || !dns.IsNotFound {
			t.Error(err)
		}
	}
}
