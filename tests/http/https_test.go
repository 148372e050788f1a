package http

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestPlainHTTPAtAnHTTPSPort sends to both servers what is no TLS: to some of it they answer in plain HTTP.
func TestPlainHTTPAtAnHTTPSPort(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	oracle, uv := startOracle(t, config{tls: ca}), startUV(t, config{tls: ca})
	ask := func(s *subject, request string, split bool) string {
		c := uvtest.Must(net.Dial("tcp", s.addr.String()))
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
		size := len(request)
		if split {
			size = 1
		}
		for len(request) > 0 {
			if _, err := io.WriteString(c, request[:size]); err != nil {
				break // it has been answered by then
			}
			request = request[size:]
		}
		p, err := io.ReadAll(c)
		if err != nil && len(p) == 0 && !split {
			t.Errorf("%s: %v", s.name, err)
		}
		return string(p)
	}
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD / HTTP/1.0\r\n\r\n", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"DELETE /x HTTP/1.1\r\nHost: x\r\n\r\n", "hello, is anybody there?\r\n", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		want := ask(oracle, request, false)
		if got := ask(uv, request, false); got != want {
			t.Errorf("%q: %q, net/http says %q", request, got, want)
		}
		if got := ask(uv, request, true); got != want {
			t.Errorf("%q byte by byte: %q, want %q", request, got, want)
		}
	}
}
