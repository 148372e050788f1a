package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// TestLookup looks up names that are in the hosts file, so it needs no network.
func TestLookup(t *testing.T) {
	out := uvtest.Start(t, "main", "localhost", "127.0.0.1", "127.0.0.1").Wait(0)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d answers: %q", len(lines), out)
	}
	slices.Sort(lines)
	if lines[0] != "127.0.0.1: localhost" || lines[1] != lines[0] {
		t.Errorf("names %q", lines[:2])
	}
	host, addrs, _ := strings.Cut(lines[2], ": ")
	if host != "localhost" || !slices.Contains(strings.Fields(addrs), "127.0.0.1") {
		t.Errorf("addresses %q", lines[2])
	}
}

// TestLookupErrors: a lookup that fails does not stop the others.
func TestLookupErrors(t *testing.T) {
	long := strings.Repeat("a", 300)
	out := uvtest.Start(t, "main", long, "127.0.0.1").Wait(1)
	for _, want := range []string{"127.0.0.1: localhost\n", long + ": getaddrinfo " + long + ": invalid argument (EINVAL)\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q has no line %q", out, want)
		}
	}
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: dns-lookup HOST…\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
