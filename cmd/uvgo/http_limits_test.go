package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestHTTPServesSeveralAddressesAtOnce: with TLS and without, by one server.
func TestHTTPServesSeveralAddressesAtOnce(t *testing.T) {
	path := uvtest.SocketPath(t) + ".sock"
	p, urls := webServer(t, []string{webLoopback[0], "https://127.0.0.1:0", "unix://" + path, "https://localhost:0"}, "--log", "off")
	for _, url := range urls {
		for _, h2 := range []bool{false, true} {
			transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, Protocols: new(http.Protocols)}
			transport.Protocols.SetHTTP1(!h2)
			transport.Protocols.SetHTTP2(h2)
			transport.Protocols.SetUnencryptedHTTP2(h2) // by prior knowledge
			f := fetchWith(t, transport, url+"/a.txt")
			if f.status != http.StatusOK || f.body != "letter a" || (f.major == 2) != h2 {
				t.Errorf("%s: HTTP/%d, %d, %q", url, f.major, f.status, f.body)
			}
		}
	}
	p.signal(syscall.SIGUSR1)
	p.expect(`^  requests +8, `)
	p.signal(syscall.SIGTERM)
	p.expect(`^drained in `)
	p.wait(0)
}

// TestHTTPClosesConnectionsThatAreTooSlow: each is closed by a timeout of its own, and the others are long.
func TestHTTPClosesConnectionsThatAreTooSlow(t *testing.T) {
	const request = "GET /a.txt HTTP/1.1\r\nHost: x\r\n"
	for _, tt := range []struct{ name, flag, send string }{
		{"a head that does not come", "--header-timeout", request},
		{"a body that does not come", "--read-timeout", request + "Content-Length: 300000\r\n\r\nx"},
		{"no further request", "--idle-timeout", request + "\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"--log", "off"}
			for _, flag := range []string{"--header-timeout", "--read-timeout", "--idle-timeout"} {
				d := "1h"
				if flag == tt.flag {
					d = "300ms"
				}
				args = append(args, flag, d)
			}
			p, urls := webServer(t, webLoopback, args...)
			c := dial(t, "tcp"+strings.TrimPrefix(urls[0], "http"))
			fmt.Fprint(c, tt.send)
			answer, err := io.ReadAll(c) // until the server hangs up
			if err != nil || tt.flag == "--idle-timeout" && !strings.HasSuffix(string(answer), "letter a") {
				t.Errorf("%q came, %v", answer, err)
			}
			c.Close()
			p.signal(syscall.SIGTERM)
			p.wait(0)
		})
	}
}

// TestHTTPClosesClientsThatTakeNothing: and not those that are slow.
func TestHTTPClosesClientsThatTakeNothing(t *testing.T) {
	p, urls := webServer(t, webLoopback, "--write-timeout", "300ms")
	download(t, urls[0])
	p.expect(`path=/big.bin status=200 bytes=\d+ `) // the handler has ended
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

func TestHTTPLimitsConnections(t *testing.T) {
	p, urls := webServer(t, webLoopback, "--max-conns-per-ip", "2", "--log", "off")
	ask := func(c net.Conn) error {
		fmt.Fprint(c, "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	var conns []net.Conn
	for range 2 {
		c := dial(t, "tcp"+strings.TrimPrefix(urls[0], "http"))
		uvtest.Check(t, ask(c))
		conns = append(conns, c)
	}
	if err := ask(dial(t, "tcp"+strings.TrimPrefix(urls[0], "http"))); err == nil {
		t.Error("a third connection is served")
	}
	for _, c := range conns {
		uvtest.Check(t, ask(c))
		c.Close()
	}
	p.signal(syscall.SIGTERM)
	p.wait(0)
}
