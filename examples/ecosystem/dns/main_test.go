package main

import (
	"context"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// TestQuestions asks with the library's client, over UDP and TCP.
func TestQuestions(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr := p.Expect(`^listening on (.*)`)
	for _, network := range []string{"udp", "tcp"} {
		for _, tt := range []struct {
			name  string
			kind  uint16
			code  int
			wants []string
		}{
			{"www.uvgo.test.", dns.TypeA, dns.RcodeSuccess, []string{"192.0.2.1", "192.0.2.2"}},
			{"WWW.uvgo.TEST.", dns.TypeAAAA, dns.RcodeSuccess, []string{"2001:db8::1"}},
			{"alias.uvgo.test.", dns.TypeA, dns.RcodeSuccess, []string{"www.uvgo.test.", "192.0.2.1", "192.0.2.2"}},
			{"uvgo.test.", dns.TypeTXT, dns.RcodeSuccess, []string{`"libuv for Go"`}},
			{"www.uvgo.test.", dns.TypeMX, dns.RcodeSuccess, nil},
			{"nobody.uvgo.test.", dns.TypeA, dns.RcodeNameError, nil},
			{"example.org.", dns.TypeA, dns.RcodeRefused, nil},
		} {
			c := &dns.Client{Net: network, Timeout: 30 * time.Second}
			a, _, err := c.ExchangeContext(t.Context(), new(dns.Msg).SetQuestion(tt.name, tt.kind), addr)
			if err != nil {
				t.Fatalf("%s %s: %v", network, tt.name, err)
			}
			var got []string
			for _, rr := range a.Answer {
				got = append(got, strings.TrimPrefix(rr.String(), rr.Header().String()))
			}
			if a.Rcode != tt.code || !slices.Equal(got, tt.wants) {
				t.Errorf("%s %s %s: %s, %q; want %s, %q", network, tt.name, dns.TypeToString[tt.kind],
					dns.RcodeToString[a.Rcode], got, dns.RcodeToString[tt.code], tt.wants)
			}
		}
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

// TestResolver: package net's resolver understands the answers.
func TestResolver(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr := p.Expect(`^listening on (.*)`)
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	got, err := r.LookupHost(t.Context(), "alias.uvgo.test.")
	slices.Sort(got)
	if want := []string{"192.0.2.1", "192.0.2.2", "2001:db8::1"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
