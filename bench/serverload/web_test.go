package main

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
	"github.com/uvgo/uvgo/bench/internal/httpbench"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// serveWork serves a work on net/http.
func serveWork(t *testing.T, work string, config *tls.Config) netip.AddrPort {
	t.Helper()
	ln := uvtest.Must(net.Listen("tcp4", "127.0.0.1:0"))
	addr := ln.Addr().(*net.TCPAddr).AddrPort()
	if config != nil {
		ln = tls.NewListener(ln, config)
	}
	srv := &http.Server{Handler: uvtest.Must(httpbench.FindWork(work)).Handler}
	t.Cleanup(func() { srv.Close() })
	go srv.Serve(ln)
	return addr
}

func TestWebCompletesRequests(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	for _, tt := range []struct {
		kind, work string
		depth      int
	}{
		{"http", "text", 1}, {"http", "text", 16}, {"http", "json", 1}, {"http", "json", 40}, {"http", "sleep", 1},
		{"http", "half", 1}, {"https", "text", 1}, {"https", "json", 16},
	} {
		var config *tls.Config
		if tt.kind == "https" {
			config = uvtest.Must(harness.OwnCertificate())
		}
		r, err := runHTTP(t, tt.kind, tt.work, tt.depth, serveWork(t, tt.work, config))
		if err != nil || r.Ops < uint64(3*tt.depth) || r.P50 <= 0 || r.P99 < r.P50 {
			t.Errorf("%+v: %+v, %v", tt, r, err)
		}
		if slow := float64(httpbench.Sleep.Microseconds()); tt.work == "sleep" && r.P50 < slow {
			t.Errorf("%+v: the median is %v µs", tt, r.P50)
		}
	}
}

// TestWebTimesWhatCounts: of the work half the slow requests are made, but their times do not count.
func TestWebTimesWhatCounts(t *testing.T) {
	o := options{work: "half", depth: 1}
	e := uvtest.Must(uvtest.Must(newWeb(o, netip.AddrPort{}))(0, 0))
	w := e.(*web)
	for _, want := range []bool{false, true, false, true} {
		path := httpbench.SlowPath
		if want {
			path = httpbench.QuickPath
		}
		if p := w.request(); w.timed() != want || !bytes.Contains(p, []byte(path)) {
			t.Errorf("%q: timed %t, want %t", p, w.timed(), want)
		}
	}
}

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!"

// TestWebTakesPieces: answers that come byte by byte are complete with their last byte.
func TestWebTakesPieces(t *testing.T) {
	w := uvtest.Must(uvtest.Must(newWeb(options{work: "text", depth: 2}, netip.AddrPort{}))(0, 0))
	for range 2 {
		w.request()
		in := answer + answer
		for i := range in {
			if done, err := w.reply([]byte(in[i : i+1])); err != nil || done != (i == len(in)-1) {
				t.Fatalf("byte %d: %t, %v", i, done, err)
			}
		}
	}
}

// TestWebNoticesSurplus: bytes behind the answers, with the answers or after them.
func TestWebNoticesSurplus(t *testing.T) {
	for _, pieces := range [][]string{{answer, "x"}, {answer + "x"}, {answer + answer}} {
		w := uvtest.Must(uvtest.Must(newWeb(options{work: "text", depth: 1}, netip.AddrPort{}))(0, 0))
		w.request()
		uvtest.Must(w.reply([]byte(answer))) // is learnt
		w.request()
		var err error
		for _, p := range pieces {
			if err == nil {
				_, err = w.reply([]byte(p))
			}
		}
		if err == nil {
			t.Errorf("%q were taken", pieces)
		}
	}
}

// uncounted is an exchange whose time never counts.
type uncounted struct{ exchange }

func (uncounted) timed() bool { return false }

func TestLoadLeavesOutTimes(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	addr := serveWork(t, "text", nil)
	o := options{conns: 1, depth: 1, work: "text", duration: 50 * time.Millisecond}
	plain := uvtest.Must(newWeb(o, addr))
	l := uvtest.Must(open(func(fd, id int) (exchange, error) {
		e, err := plain(fd, id)
		return uncounted{e}, err
	}, addr, o))
	defer l.close()
	if r, err := l.measure(); err == nil || len(l.took) > 0 {
		t.Errorf("%+v, of %d times", r, len(l.took))
	}
}

func TestWebNoticesWrongAnswers(t *testing.T) {
	for _, bad := range []string{
		"HTTP/1.1 500 No\r\nContent-Length: 13\r\n\r\nHello, World!",
		"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, world!",
		"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 13\r\n\r\nHello, World!",
		"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello, World",
		"HTTP/1.0 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!",
		"nonsense\r\n\r\n",
	} {
		for _, first := range []string{"", answer} {
			w := uvtest.Must(uvtest.Must(newWeb(options{work: "text", depth: 1}, netip.AddrPort{}))(0, 0))
			w.request()
			if first != "" {
				if done, err := w.reply([]byte(first)); err != nil || !done {
					t.Fatalf("%t, %v", done, err)
				}
				w.request()
			}
			// What is shorter than it should be is noticed when more comes.
			_, err := w.reply([]byte(bad + strings.Repeat(" ", len(answer)-min(len(bad), len(answer)))))
			if err == nil {
				t.Errorf("%q, behind %q, was taken", bad, first)
			}
		}
	}
}
