package uvhttp

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// protoHandler tells what it was asked by.
var protoHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "%s %d %v %t", r.Proto, n, err, r.TLS != nil)
})

// quiet is a log that nobody reads.
var quiet = log.New(io.Discard, "", 0)

// startTLS serves HTTPS.
func startTLS(t *testing.T, s *Server) (addr string, config *tls.Config) {
	t.Helper()
	ca := uvtest.NewAuthority(t)
	s.TLSConfig = ca.ServerConfig(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	served := make(chan error, 1)
	go func() { served <- s.ServeTLS(ln, "", "") }()
	t.Cleanup(func() { stop(t, s, served) })
	return ln.Addr().String(), ca.ClientConfig()
}

func TestHTTP2(t *testing.T) {
	both := new(http.Protocols)
	both.SetHTTP1(true)
	both.SetHTTP2(true)
	prior := new(http.Protocols)
	prior.SetUnencryptedHTTP2(true)
	modes(t, func(t *testing.T, s *Server) {
		s.Handler, s.ErrorLog = protoHandler, quiet // the client drops connections that it does not need
		plain := &Server{Handler: protoHandler, ErrorLog: quiet, Loops: 1, Inline: s.Inline}
		secure, config := startTLS(t, s)
		for _, c := range []struct {
			url       string
			protocols *http.Protocols
			want      string
		}{
			{"https://" + secure, both, "HTTP/2.0 100000 <nil> true"},
			{"https://" + secure, nil, "HTTP/1.1 100000 <nil> true"},
			{"http://" + start(t, plain), prior, "HTTP/2.0 100000 <nil> false"},
		} {
			tr := &http.Transport{TLSClientConfig: config.Clone(), Protocols: c.protocols}
			client := &http.Client{Transport: tr}
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					r, err := client.Post(c.url, "a/b", strings.NewReader(strings.Repeat("x", 100_000)))
					if err != nil {
						t.Errorf("%s: %v", c.url, err)
						return
					}
					defer r.Body.Close()
					b, err := io.ReadAll(r.Body)
					uvtest.Expect(t, err)
					if string(b) != c.want {
						t.Errorf("%s: %q, want %q", c.url, b, c.want)
					}
				})
			}
			wg.Wait()
			tr.CloseIdleConnections()
		}
	})
}

// TestProtocolsAreThoseAskedFor: without HTTP/2 among Protocols nobody gets it.
func TestProtocolsAreThoseAskedFor(t *testing.T) {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	addr, config := startTLS(t, &Server{Handler: protoHandler, Protocols: p, Loops: 1})
	config.NextProtos = []string{"h2", "http/1.1"}
	c, err := tls.Dial("tcp", addr, config)
	uvtest.Check(t, err)
	defer c.Close()
	if got := c.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("negotiated %q", got)
	}
}

func TestHijack(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			if _, _, err := w.(http.Hijacker).Hijack(); err != http.ErrHijacked {
				t.Errorf("second Hijack: %v", err)
			}
			go func() {
				defer c.Close()
				rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
				rw.Flush()
				_, err := io.Copy(c, rw)
				uvtest.Expect(t, err)
			}()
		})
		secure := &Server{Handler: s.Handler, Inline: s.Inline, Loops: 1}
		tlsAddr, config := startTLS(t, secure)
		addr := start(t, s)
		dials := map[string]func() (net.Conn, error){
			"plain": func() (net.Conn, error) { return net.Dial("tcp", addr) },
			"tls":   func() (net.Conn, error) { return tls.Dial("tcp", tlsAddr, config) },
		}
		for name, dial := range dials {
			t.Run(name, func(t *testing.T) {
				c, err := dial()
				uvtest.Check(t, err)
				defer c.Close()
				p := uvtest.Pattern(3<<20, 1)
				go func() {
					fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
					c.Write(p) // at once: a part of it is read with the head
					c.(interface{ CloseWrite() error }).CloseWrite()
				}()
				in := bufio.NewReader(c)
				r, err := http.ReadResponse(in, nil)
				uvtest.Check(t, err)
				defer r.Body.Close()
				if r.StatusCode != http.StatusSwitchingProtocols {
					t.Fatal(r.Status)
				}
				got, err := io.ReadAll(in)
				uvtest.Check(t, err)
				if string(got) != string(p) {
					t.Errorf("%d bytes come back, want %d", len(got), len(p))
				}
			})
		}
	})
}
