package main

import (
	"net"
	"testing"
	"time"
)

func TestLoadStartsRequestsOnSchedule(t *testing.T) {
	addr := serveFunc(t, altered(asIs))
	l := start(t, "load", "--json", "--conns", "10", "--loops", "2", "--rate", "200", "--duration", "1s", addr)
	r := decode(t, l.wait(0))
	if r.Schedule == nil || r.Schedule.Rate != 200 || r.Errors != 0 {
		t.Fatalf("result %+v", r)
	}
	want := uint64(200 * r.Seconds) // those whose time came last may be missing: echoes after the end do not count
	if all := r.Requests + r.Schedule.NotStarted; r.Requests == 0 || all > want+2 || all+12 < want {
		t.Errorf("%d requests came back and %d were not started, want %d", r.Requests, r.Schedule.NotStarted, want)
	}
	wantLatencies(t, r)
}

// TestLoadCountsTheWaitForAServerThatStandsStill: in a closed loop one request of one
// connection would see it; on schedule, all that clients would have sent meanwhile do.
func TestLoadCountsTheWaitForAServerThatStandsStill(t *testing.T) {
	const still = 500 * time.Millisecond
	addr := serveFunc(t, func(c net.Conn) {
		p := make([]byte, 1<<16)
		n, _ := c.Read(p)
		time.Sleep(still) // what the test is about
		if n != 64 {
			t.Errorf("%d bytes are under way, want one message", n)
		}
		c.Write(p[:n])
		altered(asIs)(c)
	})
	l := start(t, "load", "--json", "--conns", "1", "--rate", "1000", "--duration", "1s", addr)
	r := decode(t, l.wait(0))
	s := r.Schedule
	if s == nil || s.Late < 400 || s.Latest < 400e3 || r.Latency["max"] < 500e3 {
		t.Errorf("schedule %+v, latency %v", s, r.Latency)
	}
	// Of the requests of the first half second some hundred waited for more than 250 ms.
	if r.Latency["p99"] < 100e3 {
		t.Errorf("latency %v", r.Latency)
	}
}

func TestLoadSaysHowFarTheServerFallsBehind(t *testing.T) {
	addr := serveFunc(t, altered(func(p []byte) []byte {
		time.Sleep(20 * time.Millisecond) // what the test is about
		return p
	}))
	l := start(t, "load", "--conns", "1", "--rate", "10000", "--duration", "1s", addr)
	l.expect(`^1 connection, messages of 64 bytes, 1 loop, 1s at 10000 requests/s to `)
	l.expect(`^schedule +\d+ requests? late by up to \S+s, 9,9\d\d not started$`)
	l.wait(0)
}

func TestLoadGoesOnWithTheConnectionsThatAreLeft(t *testing.T) {
	first := make(chan bool, 1)
	first <- true
	addr := serveFunc(t, func(c net.Conn) {
		select {
		case <-first:
			c.Close()
		default:
			altered(asIs)(c)
		}
	})
	l := start(t, "load", "--json", "--conns", "4", "--rate", "100", "--duration", "1s", addr)
	r := decode(t, l.wait(1))
	if r.Errors != 1 || r.Requests < 10 {
		t.Errorf("result %+v", r)
	}
}

func TestLoadSaysOneRequest(t *testing.T) {
	addr := serveFunc(t, altered(asIs))
	l := start(t, "load", "--conns", "1", "--rate", "1", "--duration", "1s", addr)
	l.expect(`^1 connection, messages of 64 bytes, 1 loop, 1s at 1 request/s to `)
	l.expect(`^rate +[012]\.\d requests/s, `) // not 0: one comes back at least
	l.wait(0)
}

func TestRatesAreRounded(t *testing.T) {
	for rate, want := range map[float64]string{0: "0", .333: "0.3", .96: "1.0", 9.94: "9.9", 9.96: "10", 10.6: "11", 1999.5: "2,000"} {
		if got := perSecond(rate); got != want {
			t.Errorf("%v is %q, want %q", rate, got, want)
		}
	}
}
