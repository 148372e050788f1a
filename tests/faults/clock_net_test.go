package faults

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvhttp"
	"github.com/uvgo/uvgo/uvnet"
)

func init() { uvtest.Helper("faults wall clock", steppedServers) }

// The wall clock of the whole process jumps, Go's included: the field Date follows within a
// second, and no timeout or deadline of the servers and of uvnet comes earlier or later for it.
func TestWallClockStepsUnderServers(t *testing.T) {
	out := shimmed(t, "faults wall clock")
	if why, ok := strings.CutPrefix(out, "skip: "); ok {
		t.Skip(why)
	}
	t.Log(out)
}

// soon is how long a short timeout is, which must end by itself. A long one must not end at all.
const (
	soon = 200 * time.Millisecond
	long = time.Hour
)

func steppedServers() {
	time.AfterFunc(time.Minute, func() { panic("a timeout or deadline waits for the wall clock") })
	s := openShim()
	for _, step := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		jump := func(to time.Duration) { s.set(shimStep, int64(to)) }
		before := time.Now().Round(0)
		jump(step)
		if moved := time.Now().Round(0).Sub(before); moved.Round(time.Hour) != step {
			fmt.Printf("skip: this system's vDSO cannot be replaced, so Go's clock is not stepped: it went %v ahead", moved)
			return
		}
		jump(0)
		for _, w := range []struct {
			name string
			run  func(jump func()) error
		}{
			{"Date ahead and back", func(func()) error { return httpDates(jump, step, 0) }},
			{"server's IdleTimeout", serverTimeouts},
			{"uvhttp's IdleTimeout and ReadHeaderTimeout", httpTimeouts},
			{"uvnet's deadlines", netDeadlines},
		} {
			reads := s.count(shimClocks)
			err := w.run(func() { jump(step) })
			jump(0)
			if reads = s.count(shimClocks) - reads; err != nil || reads == 0 {
				fmt.Printf("a step of %v: %s: %v; %d readings of the stepped clock\n", step, w.name, err, reads)
				os.Exit(1)
			}
			fmt.Printf("a step of %v: %s: %d readings of the stepped clock\n", step, w.name, reads)
		}
	}
}

// serveHTTP serves until stop is called.
func serveHTTP(s *uvhttp.Server) (addr string, stop func()) {
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	return ln.Addr().String(), func() {
		uvtest.Must(0, s.Close())
		<-served
	}
}

// A client has one connection.
type client struct {
	net.Conn
	answers *bufio.Reader
}

func dialHTTP(addr string) *client {
	c := uvtest.Must(net.Dial("tcp", addr))
	return &client{c, bufio.NewReader(c)}
}

// date asks the server, and returns the answer's Date.
func (c *client) date() (time.Time, error) {
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		return time.Time{}, err
	}
	resp, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return time.Time{}, err
	}
	defer resp.Body.Close() // which reads it to its end
	return http.ParseTime(resp.Header.Get("Date"))
}

var empty = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// httpDates steps the clock, and compares Date with it from a second after each step on.
func httpDates(jump func(to time.Duration), steps ...time.Duration) error {
	addr, stop := serveHTTP(&uvhttp.Server{Handler: empty, Loops: 1})
	defer stop()
	c := dialHTTP(addr)
	defer c.Close()
	if _, err := c.date(); err != nil {
		return err
	}
	for _, step := range steps {
		jump(step)
		stepped := time.Now()
		for follows := false; !follows; {
			asked := time.Now()
			date, err := c.date()
			answered := time.Now()
			if err != nil {
				return err
			}
			// A Date has no part of a second, and one was made within a second before.
			right := !date.Before(asked.Round(0).Add(-2*time.Second)) && !date.After(answered.Round(0))
			if follows = asked.Sub(stepped) > 1050*time.Millisecond; follows && !right {
				return fmt.Errorf("%v after a step to %v, Date is %v, asked for at %v", asked.Sub(stepped), step, date, asked.Round(0))
			}
			time.Sleep(10 * time.Millisecond) // fewer requests
		}
	}
	return nil
}

// ends waits until the server closes the connection, which it must not do before its timeout.
func ends(c net.Conn, since time.Time) error {
	_, _ = io.Copy(io.Discard, c) // an answer that tells of the timeout, and the end or a reset
	if after := time.Since(since); after < soon {
		return fmt.Errorf("the connection was closed after %v, want %v", after, soon)
	}
	return nil
}

// serverTimeouts has a connection with a short timeout, and one with a long one.
func serverTimeouts(jump func()) error {
	var conns [2]net.Conn
	var since time.Time
	for i, timeout := range []time.Duration{long, soon} {
		s := &server.Server{Handler: &kit.Handler{}, Loops: 1, Logger: quiet, IdleTimeout: timeout}
		defer kit.Serve(s, "tcp://127.0.0.1:0")()
		since = time.Now()
		conns[i] = uvtest.Must(net.Dial("tcp", s.Addrs()[0].String()))
		defer conns[i].Close()
		if err := kit.EchoesBack(conns[i], "x"); err != nil {
			return err
		}
	}
	jump()
	if err := ends(conns[1], since); err != nil {
		return err
	}
	return kit.EchoesBack(conns[0], "y")
}

// httpTimeouts is serverTimeouts of uvhttp: connections that are idle, and such within a head.
func httpTimeouts(jump func()) error {
	for _, sent := range []string{"", "GET / HT"} {
		var conns [2]*client
		var since time.Time
		for i, timeout := range []time.Duration{long, soon} {
			s := &uvhttp.Server{Handler: empty, Loops: 1, IdleTimeout: timeout, ReadHeaderTimeout: timeout}
			addr, stop := serveHTTP(s)
			defer stop()
			conns[i] = dialHTTP(addr)
			defer conns[i].Close()
			since = time.Now()
			if _, err := conns[i].date(); err != nil {
				return err
			}
			if _, err := io.WriteString(conns[i], sent); err != nil {
				return err
			}
		}
		jump()
		if err := ends(conns[1], since); err != nil {
			return err
		}
		rest := strings.TrimPrefix("GET / HTTP/1.1\r\nHost: a\r\n\r\n", sent)
		if _, err := io.WriteString(conns[0], rest); err != nil {
			return err
		}
		resp, err := http.ReadResponse(conns[0].answers, nil)
		if err != nil {
			return fmt.Errorf("behind %q, with a long timeout: %w", sent, err)
		}
		resp.Body.Close()
	}
	return nil
}

// netDeadlines waits for uvnet's deadlines: of reads, of datagrams, of Accept.
func netDeadlines(jump func()) error {
	ln := uvtest.Must(uvnet.Listen("tcp", "127.0.0.1:0")).(*uvnet.TCPListener)
	defer ln.Close()
	dial := func() (near, far net.Conn) {
		near = uvtest.Must(uvnet.Dial("tcp", ln.Addr().String()))
		return near, uvtest.Must(ln.Accept())
	}
	a, b := dial()
	defer a.Close()
	defer b.Close()
	patient, peer := dial()
	defer patient.Close()
	defer peer.Close()
	datagrams := uvtest.Must(uvnet.ListenPacket("udp", "127.0.0.1:0"))
	defer datagrams.Close()

	since := time.Now()
	uvtest.Must(0, patient.SetDeadline(since.Add(long)))
	uvtest.Must(0, a.SetReadDeadline(since.Add(soon)))
	uvtest.Must(0, datagrams.SetReadDeadline(since.Add(soon)))
	uvtest.Must(0, ln.SetDeadline(since.Add(soon)))
	jump()
	for name, wait := range map[string]func() error{
		"Read":     func() error { _, err := a.Read(make([]byte, 1)); return err },
		"ReadFrom": func() error { _, _, err := datagrams.ReadFrom(make([]byte, 1)); return err },
		"Accept":   func() error { _, err := ln.Accept(); return err },
	} {
		err := wait()
		if after := time.Since(since); !errors.Is(err, os.ErrDeadlineExceeded) || after < soon {
			return fmt.Errorf("%s: %w after %v, want the deadline's error after %v", name, err, after, soon)
		}
	}
	if _, err := peer.Write([]byte("x")); err != nil {
		return err
	}
	if _, err := patient.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("with a deadline in %v: %w", long, err)
	}
	return nil
}
