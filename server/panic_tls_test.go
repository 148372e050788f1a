package server_test

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// panicReports returns a Logger, and the channel of what it logs.
func panicReports() (*slog.Logger, <-chan string) {
	reports := make(chan string, 10)
	return slog.New(&journal{note: func(r slog.Record) {
		var b strings.Builder
		fmt.Fprintf(&b, "%v %s", r.Level, r.Message)
		r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true })
		reports <- b.String()
	}}), reports
}

// isPanicReport checks the report of a panic in callback.
func isPanicReport(t *testing.T, report string) {
	t.Helper()
	if !strings.HasPrefix(report, "ERROR server: callback of tls.Config panicked value=no certificate today stack=[") ||
		!strings.Contains(report, "panic_tls_test.go:") || strings.Contains(report, "\n") || strings.Contains(report, "internal/looptls") {
		t.Errorf("the report is %q", report)
	}
}

// A panic in a callback of TLSConfig is reported and counted as a handler's is, and so is each.
func TestPanicInACallbackOfTLSConfig(t *testing.T) {
	log, reports := panicReports()
	config := &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if hello.ServerName == "panic.test" {
			panic("no certificate today")
		}
		return nil, nil
	}}
	h := echo(t)
	s := runTLS(t, &server.Server{Handler: h, Loops: 1, Logger: log, TLSConfig: config})
	bad := s.client.Clone()
	bad.ServerName = "panic.test"
	const n = 3
	for range n {
		if err := s.over(s.running.dial(), bad).Handshake(); err == nil {
			t.Error("the handshake worked")
		}
		isPanicReport(t, <-reports)
	}
	uvtest.Eventually(t, "the panics are counted", func() bool { return s.Stats().Closed.Panics == n })
	if c := s.Stats().Closed; c.TLS != 0 {
		t.Errorf("%+v are counted", c)
	}
	client, _ := s.open(h)
	roundTrip(t, client, "works on")
	if len(reports) != 0 {
		t.Errorf("one more report: %s", <-reports)
	}
}

// A callback that panics when its connection has ended is reported, too.
func TestPanicInACallbackBehindHandshakeTimeout(t *testing.T) {
	log, reports := panicReports()
	release := make(chan struct{})
	config := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		<-release
		panic("no certificate today")
	}}
	s := &server.Server{Handler: echo(t), Loops: 1, Logger: log, TLSConfig: config, HandshakeTimeout: 50 * time.Millisecond}
	r := run(t, s, anyTLS)
	if err := tls.Client(r.dial(), &tls.Config{InsecureSkipVerify: true}).Handshake(); err == nil {
		t.Error("the handshake worked")
	}
	if report := <-reports; !strings.Contains(report, "HandshakeTimeout") {
		t.Errorf("the report is %q", report)
	}
	close(release)
	isPanicReport(t, <-reports)
	if c := r.Stats().Closed; c.HandshakeTimeout != 1 || c.Panics != 0 {
		t.Errorf("%+v are counted", c)
	}
}
