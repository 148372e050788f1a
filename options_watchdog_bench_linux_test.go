package uvgo_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// An echoing is an echo server with one loop, which stays on one thread, and its clients.
type echoing struct {
	srv    *server.Server
	conns  []net.Conn
	locked bool
}

func (e *echoing) Open(*server.Conn)         {}
func (e *echoing) Close(*server.Conn, error) {}

// Data echoes. It reads no clock.
func (e *echoing) Data(c *server.Conn, p []byte) {
	if !e.locked {
		e.locked = true
		runtime.LockOSThread()
	}
	if string(p) == "?" { // the time that the loop's thread has run for
		var ts unix.Timespec
		_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) // fails only for an unknown clock
		_, _ = c.Write(fmt.Appendf(nil, "%20d", ts.Nano()))      // fails when the client has gone
		return
	}
	_, _ = c.Write(p)
}

func startEchoing(b *testing.B, conns int, opts ...uvgo.Option) *echoing {
	e := &echoing{}
	e.srv = &server.Server{Handler: e, Loops: 1, Options: opts}
	uvtest.Check(b, e.srv.Listen("tcp://127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- e.srv.Serve(context.Background()) }()
	for range conns {
		e.conns = append(e.conns, uvtest.Must(net.Dial("tcp", e.srv.Addrs()[0].String())))
	}
	b.Cleanup(func() {
		for _, c := range e.conns {
			uvtest.Expect(b, c.Close())
		}
		uvtest.Expect(b, e.srv.Shutdown(context.Background()))
		uvtest.Expect(b, <-served)
	})
	return e
}

// ask has the server answer on one connection.
func (e *echoing) ask(p, answer []byte) {
	c := e.conns[0]
	uvtest.Must(c.Write(p))
	for n := 0; n < len(answer); {
		n += uvtest.Must(c.Read(answer[n:]))
	}
}

// cpu is the time that the loop's thread has run for.
func (e *echoing) cpu() (t time.Duration) {
	var text [20]byte
	e.ask([]byte("?"), text[:])
	uvtest.Must(fmt.Sscan(string(text[:]), &t))
	return t
}

// round has every connection echo n messages, and returns how long the loop's thread has run for one.
func (e *echoing) round(n int) float64 {
	message, answer := make([]byte, 64), make([]byte, 64)
	began := e.cpu()
	for range n {
		for _, c := range e.conns {
			uvtest.Must(c.Write(message))
		}
		for _, c := range e.conns {
			for n := 0; n < len(answer); {
				n += uvtest.Must(c.Read(answer[n:]))
			}
		}
	}
	return float64(e.cpu()-began) / float64(n*len(e.conns))
}

// BenchmarkWatchdog tells what the watchdog, and metrics that are read ten times a second, cost an echo server with 100 connections: processor
// time of the loop's thread for a message, against a server without. Rounds of some 10 ms take turns, so that what else the machine does strikes all alike; of the
// ratios of neighbours it reports the median, and between what it lies with 95 % confidence. b.N is the number of rounds: run it with -benchtime=500x.
func BenchmarkWatchdog(b *testing.B) {
	off := startEchoing(b, 100, uvgo.WithWatchdog(0))
	on := startEchoing(b, 100)
	scraped := startEchoing(b, 100, uvgo.WithName("echo"), uvgo.WithSlowCallbackHook(func(uv.SlowCallback) {}))
	var m metrics.Registry
	uvtest.Must(m.Server("echo", scraped.srv))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for t := time.NewTicker(100 * time.Millisecond); ctx.Err() == nil; {
			<-t.C
			m.Gather()
		}
	}()
	defer func() { stop(); <-done }()
	const messages = 10 // of each connection, in a round
	for _, e := range []*echoing{off, on, scraped} {
		e.round(messages)
	}
	var ons, scrapeds, offs []float64
	for b.Loop() {
		a1, s1, n1 := off.round(messages), scraped.round(messages), on.round(messages)
		n2, s2, a2 := on.round(messages), scraped.round(messages), off.round(messages)
		ons, scrapeds, offs = append(ons, (n1+n2)/(a1+a2)), append(scrapeds, (s1+s2)/(a1+a2)), append(offs, (a1+a2)/2)
	}
	for name, ratios := range map[string][]float64{"watchdog": ons, "metrics": scrapeds} {
		low, median, high := confidence(ratios)
		b.ReportMetric(100*(low-1), "%"+name+"-low")
		b.ReportMetric(100*(median-1), "%"+name)
		b.ReportMetric(100*(high-1), "%"+name+"-high")
	}
	_, message, _ := confidence(offs)
	b.ReportMetric(message, "ns/message")
	b.ReportMetric(0, "ns/op") // a round's time says nothing
}

// confidence returns the median, and the order statistics between which the true one lies in 95 of 100 cases.
func confidence(all []float64) (low, median, high float64) {
	slices.Sort(all)
	n := float64(len(all))
	half := 1.96 * math.Sqrt(n) / 2
	at := func(i float64) float64 { return all[int(min(max(i, 0), n-1))] }
	return at(math.Floor(n/2 - half)), at(n / 2), at(math.Ceil(n/2 + half))
}
