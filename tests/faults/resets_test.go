package faults

import (
	"crypto/tls"
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
func resetAll(t *testing.T, addr net.Addr, hello []byte, whole func() error) {
	t.Helper()
	for _, step := range resetSteps {
		for range 20 {
			c, err := net.Dial(addr.Network(), addr.String())
			uvtest.Check(t, err)
			sent := []byte(step.sent)
			if step.tls != 0 {
				sent = hello[:min(step.tls, len(hello))]
			}
			_, _ = c.Write(sent)
			if step.read != 0 {
				_ = c.SetReadDeadline(time.Now().Add(time.Minute))
				_, _ = io.ReadAtLeast(c, make([]byte, step.read), 1) // at least a part of the answer has come
			}
			kit.Reset(c)
		}
		if err := whole(); err != nil {
			t.Errorf("after resets %s: %v", step.name, err)
		}
	}
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

// A peer resets its connection at each step. The server closes that connection and goes on;
// TestMain finds what stays open.
func TestResetAtEachStepOfServer(t *testing.T) {
	for _, secure := range []bool{false, true} {
		name := map[bool]string{false: "TCP", true: "TLS"}[secure]
		t.Run(name, func(t *testing.T) {
			opened, closed := 0, make(chan struct{}, 10_000)
			srv := &server.Server{Loops: 1, Logger: quiet, Handler: &kit.Handler{
				OnOpen:  func(*server.Conn) { opened++ },
				OnClose: func(*server.Conn, error) { closed <- struct{}{} },
			}}
			scheme, config := "tcp://", (*tls.Config)(nil)
			if secure {
				authority := uvtest.NewAuthority(t)
				srv.TLSConfig, config = authority.ServerConfig(t), authority.ClientConfig()
				scheme = "tls://"
			}
			stop := kit.Serve(srv, scheme+"127.0.0.1:0")
			addr := srv.Addrs()[0]
			p, _ := payload(10_000)
			resetAll(t, addr, clientHello(), func() error {
				if secure {
					c, err := tls.Dial("tcp", addr.String(), config)
					if err != nil {
						return err
					}
					defer c.Close()
					return exchange(c, p)
				}
				c, err := net.Dial("tcp", addr.String())
				if err != nil {
					return err
				}
				defer c.Close()
				return exchange(c, p)
			})
			stop()
			if len(closed) != opened || opened == 0 {
				t.Errorf("%d connections opened, %d closed", opened, len(closed))
			}
		})
	}
}

// The same of uvhttp.
func TestResetAtEachStepOfHTTP(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 64<<10)
	mux := http.NewServeMux()
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, big) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	srv := &uvhttp.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	resetAll(t, ln.Addr(), clientHello(), func() error {
		resp, err := client.Get("http://" + ln.Addr().String() + "/big")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != big {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	uvtest.Check(t, srv.Shutdown(t.Context()))
	<-served
}

// The same of uvnet, whose goroutines get an error.
func TestResetAtEachStepOfUVNet(t *testing.T) {
	ln, err := uvnet.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
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
				_, err := io.Copy(c, c)
				c.Close()
				ended <- err
			}()
		}
	}()
	p, _ := payload(10_000)
	resetAll(t, ln.Addr(), clientHello(), func() error {
		c, err := uvnet.Dial("tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		return exchange(c, p)
	})
	ln.Close()
	failed := 0
	n := <-accepted
	for range n {
		if <-ended != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Errorf("of %d connections none has failed by a reset", n)
	}
}
