package faults

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvhttp"
	"github.com/uvgo/uvgo/uvnet"
)

// The steps of a connection at which a peer resets it: what it has sent by then. A "" is
// before the accept or while idle; TLS steps are pieces of a real client's bytes.
var resetSteps = []struct {
	name, sent string
	tls        int // bytes of a TLS handshake sent instead
	read       int // bytes read before the reset, or a part of them
}{
	{name: "before anything is sent"},
	{name: "within the TLS record header", tls: 3},
	{name: "within the client's hello", tls: 60},
	{name: "behind the client's hello", tls: 1 << 20},
	{name: "in the head", sent: "POST / HTTP/1.1\r\nHost: a\r\nConten"},
	{name: "in the body", sent: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc"},
	{name: "in the answer", sent: "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", read: 1000},
	{name: "while idle", sent: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", read: 20},
	{name: "with requests that wait", sent: strings.Repeat("GET /big HTTP/1.1\r\nHost: a\r\n\r\n", 20)},
}

// resetAll connects and resets at each step, several times, and then wants a whole exchange.
// With a config what is sent goes through TLS, behind a whole handshake.
func resetAll(t *testing.T, addr net.Addr, config *tls.Config, whole func() error) {
	t.Helper()
	hello := clientHello()
	for _, step := range resetSteps {
		for range 20 {
			c, err := net.Dial(addr.Network(), addr.String())
			uvtest.Check(t, err)
			switch {
			case step.tls != 0:
				_, _ = c.Write(hello[:min(step.tls, len(hello))])
			case step.sent != "":
				sends := secured(t, c, config)
				_, _ = io.WriteString(sends, step.sent)
				if step.read != 0 {
					_ = c.SetReadDeadline(time.Now().Add(time.Minute))
					_, _ = io.ReadAtLeast(sends, make([]byte, step.read), 1) // at least a part of the answer has come
				}
			}
			kit.Reset(c)
		}
		if err := whole(); err != nil {
			t.Errorf("after resets %s: %v", step.name, err)
		}
	}
}

// secured returns c, or with a config TLS on it.
func secured(t *testing.T, c net.Conn, config *tls.Config) net.Conn {
	t.Helper()
	if config == nil {
		return c
	}
	secure := tls.Client(c, config)
	uvtest.Check(t, secure.Handshake())
	return secure
}

// huge is more than the kernel takes for a peer that does not read.
var huge = make([]byte, 8<<20)

// resetAtShutdown has peers to which a huge answer is under way when shutdown is called. It
// waits for them, and ends when they have reset.
func resetAtShutdown(t *testing.T, addr net.Addr, config *tls.Config, request string, shutdown func() error) {
	t.Helper()
	uvtest.Watchdog(t, time.Minute)
	var peers []net.Conn
	for range 10 {
		c, err := net.Dial(addr.Network(), addr.String())
		uvtest.Check(t, err)
		_ = c.(*net.TCPConn).SetReadBuffer(64 << 10)
		sends := secured(t, c, config)
		_, err = io.WriteString(sends, request)
		uvtest.Check(t, err)
		_, err = io.ReadFull(sends, make([]byte, 1)) // the answer has begun
		uvtest.Check(t, err)
		peers = append(peers, c)
	}
	ended := make(chan error, 1)
	go func() { ended <- shutdown() }()
	uvtest.Eventually(t, "the listener is closed", func() bool {
		c, err := net.Dial(addr.Network(), addr.String())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	select {
	case err := <-ended:
		t.Errorf("the shutdown has not waited for answers: %v", err)
	default:
	}
	for _, c := range peers {
		kit.Reset(c)
	}
	uvtest.Expect(t, <-ended)
}

// clientHello returns what a TLS client sends first.
func clientHello() []byte {
	a, b := net.Pipe()
	defer b.Close()
	got := make(chan []byte, 1)
	go func() {
		p := make([]byte, 4096)
		n, _ := b.Read(p)
		got <- p[:n]
		b.Close()
	}()
	_ = tls.Client(a, &tls.Config{ServerName: "localhost"}).Handshake()
	a.Close()
	return <-got
}

var quiet = slog.New(slog.DiscardHandler)

// transports has each test on TCP and with TLS. The configs are nil on TCP.
func transports(t *testing.T, run func(t *testing.T, serves, dials *tls.Config)) {
	t.Run("TCP", func(t *testing.T) { run(t, nil, nil) })
	t.Run("TLS", func(t *testing.T) {
		authority := uvtest.NewAuthority(t)
		run(t, authority.ServerConfig(t), authority.ClientConfig())
	})
}

// echoed is a whole exchange with an echo server.
func echoed(t *testing.T, addr net.Addr, config *tls.Config) func() error {
	p, _ := payload(10_000)
	return func() error {
		c, err := net.Dial(addr.Network(), addr.String())
		if err != nil {
			return err
		}
		defer c.Close()
		return exchange(secured(t, c, config), p)
	}
}

// A peer resets its connection at each step. The server closes that connection and goes on;
// TestMain finds what stays open.
func TestResetAtEachStepOfServer(t *testing.T) {
	transports(t, func(t *testing.T, serves, dials *tls.Config) {
		opened, closed := 0, make(chan struct{}, 10_000)
		srv := &server.Server{Loops: 1, Logger: quiet, TLSConfig: serves, CloseTimeout: time.Hour, Handler: &kit.Handler{
			OnOpen:  func(*server.Conn) { opened++ },
			OnClose: func(*server.Conn, error) { closed <- struct{}{} },
			OnData: func(c *server.Conn, p []byte) {
				if string(p) == "huge" {
					p = huge
				}
				_, _ = c.Write(p)
			},
		}}
		scheme := "tcp://"
		if serves != nil {
			scheme = "tls://"
		}
		stop := kit.Serve(srv, scheme+"127.0.0.1:0")
		addr := srv.Addrs()[0]
		resetAll(t, addr, dials, echoed(t, addr, dials))
		resetAtShutdown(t, addr, dials, "huge", func() error { stop(); return nil })
		if len(closed) != opened || opened == 0 {
			t.Errorf("%d connections opened, %d closed", opened, len(closed))
		}
	})
}

// The same of uvhttp.
func TestResetAtEachStepOfHTTP(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 64<<10)
	mux := http.NewServeMux()
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, big) })
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(huge) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	transports(t, func(t *testing.T, serves, dials *tls.Config) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		uvtest.Check(t, err)
		srv := &uvhttp.Server{Handler: mux, TLSConfig: serves, ErrorLog: slog.NewLogLogger(quiet.Handler(), 0)}
		scheme, serve := "http://", srv.Serve
		if serves != nil {
			scheme, serve = "https://", func(ln net.Listener) error { return srv.ServeTLS(ln, "", "") }
		}
		served := make(chan error, 1)
		go func() { served <- serve(ln) }()
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: dials}, Timeout: time.Minute}
		addr := ln.Addr()
		resetAll(t, addr, dials, func() error {
			resp, err := client.Get(scheme + addr.String() + "/big")
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != big {
				return io.ErrUnexpectedEOF
			}
			return nil
		})
		resetAtShutdown(t, addr, dials, "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n", func() error { return srv.Shutdown(t.Context()) })
		<-served
	})
}

// The same of uvnet, whose goroutines get an error. A program shuts down by closing its listener, and
// waiting for its goroutines.
func TestResetAtEachStepOfUVNet(t *testing.T) {
	transports(t, func(t *testing.T, serves, dials *tls.Config) {
		ln, err := uvnet.Listen("tcp", "127.0.0.1:0")
		uvtest.Check(t, err)
		addr := ln.Addr()
		if serves != nil {
			ln = tls.NewListener(ln, serves)
		}
		ended := make(chan error, 10_000)
		accepted := make(chan int, 1)
		go func() {
			n := 0
			for {
				c, err := ln.Accept()
				if err != nil {
					accepted <- n
					return
				}
				n++
				go func() {
					defer c.Close()
					ended <- echoes(c)
				}()
			}
		}()
		resetAll(t, addr, dials, echoed(t, addr, dials))
		resetAtShutdown(t, addr, dials, "huge", func() error {
			ln.Close()
			failed, n := 0, <-accepted
			for range n {
				if <-ended != nil {
					failed++
				}
			}
			if failed == 0 {
				return fmt.Errorf("of %d connections none has failed by a reset", n)
			}
			return nil
		})
	})
}

// echoes sends what comes back, and something huge for "huge".
func echoes(c net.Conn) error {
	for p := make([]byte, 4096); ; {
		n, err := c.Read(p)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		answer := p[:n]
		if string(answer) == "huge" {
			answer = huge
		}
		if _, err := c.Write(answer); err != nil {
			return err
		}
	}
}
