package uvnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestResolver asks for what every machine knows.
func TestResolver(t *testing.T) {
	var r *Resolver
	ctx := context.Background()
	want, err := net.DefaultResolver.LookupHost(ctx, "localhost")
	check(t, err)
	got, err := r.LookupHost(ctx, "localhost")
	check(t, err)
	for _, a := range got {
		if !slices.Contains(want, a) {
			t.Errorf("localhost is %v here and %v to package net", got, want)
		}
	}
	ips, err := r.LookupNetIP(ctx, "ip4", "localhost")
	if err != nil || !slices.Contains(ips, netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("ip4 localhost: %v, %v", ips, err)
	}
	ips, err = r.LookupNetIP(ctx, "ip", "::1")
	if err != nil || len(ips) != 1 || ips[0] != netip.IPv6Loopback() {
		t.Errorf("a literal: %v, %v", ips, err)
	}
	names, err := r.LookupAddr(ctx, "127.0.0.1")
	if err != nil || !slices.ContainsFunc(names, func(n string) bool { return n == "localhost" || n == "localhost." }) {
		t.Logf("127.0.0.1 is %v, %v", names, err) // a machine may call it otherwise
	}
	if _, err := r.LookupAddr(ctx, "nonsense"); err == nil {
		t.Error("nonsense has a name")
	}
}

// TestResolverErrors: what goes wrong is a *net.DNSError.
func TestResolverErrors(t *testing.T) {
	r := new(Resolver)
	var dns *net.DNSError
	if _, err := r.LookupHost(context.Background(), ""); !errors.As(err, &dns) || !dns.IsNotFound {
		t.Errorf("no name: %v", err)
	}
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
	if _, err := r.LookupNetIP(context.Background(), "tcp", "localhost"); err == nil {
		t.Error("network tcp is accepted")
	}
}

// TestDialByName goes through the resolver, and over both families if there are
// both.
func TestDialByName(t *testing.T) {
	ln, err := Listen("tcp4", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	c, err := Dial("tcp", "localhost:"+port)
	check(t, err)
	c.Close()
}
