package http

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestConnStateOfHandshakes: a connection is new before its TLS handshake, and closed when that fails, whatever fails.
func TestConnStateOfHandshakes(t *testing.T) {
	authority := uvtest.NewAuthority(t)
	for name, client := range map[string]func(c net.Conn){
		"leaves":               func(c net.Conn) { c.Close() },
		"leaves in the middle": func(c net.Conn) { io.WriteString(c, "\x16\x03\x01\x02\x00\x01"); c.Close() },
		"ends its side":        func(c net.Conn) { c.(*net.TCPConn).CloseWrite() },
		"resets":               func(c net.Conn) { c.(*net.TCPConn).SetLinger(0); c.Close() },
		"says nothing":         func(c net.Conn) {},
		"speaks HTTP":          func(c net.Conn) { io.WriteString(c, get("/")) },
		"speaks nonsense":      func(c net.Conn) { io.WriteString(c, "nonsense, and more of it") },
		"does not trust":       func(c net.Conn) { tls.Client(c, &tls.Config{ServerName: "x"}).Handshake() },
		"has an old version": func(c net.Conn) {
			config := authority.ClientConfig()
			config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
			tls.Client(c, config).Handshake()
		},
		"succeeds": func(c net.Conn) { tls.Client(c, authority.ClientConfig()).Handshake(); c.Close() },
		"asks": func(c net.Conn) {
			p := newPeer(tls.Client(c, authority.ClientConfig()))
			p.ask(t, get("/"), "404")
			p.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alike(t, authority, func(t *testing.T, s *http.Server, start starter) []string {
				s.ReadHeaderTimeout = 300 * time.Millisecond
				if name == "asks" || name == "succeeds" {
					s.ReadHeaderTimeout = 0
				}
				r := newRegister(s)
				contexts := make(chan string, 10)
				s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
					contexts <- c.RemoteAddr().Network()
					return ctx
				}
				b := start()
				p := dialHost(t, b.addr)
				told := make(chan bool)
				go func() {
					defer close(told)
					r.met() // also while the client says nothing
				}()
				<-told
				client(p.Conn)
				return []string{fmt.Sprint(<-r.ended, <-contexts, len(contexts))}
			})
		})
	}
}

// TestConnStateOfHTTP2: a connection that speaks HTTP/2 is told of as net/http tells of it, whether ALPN or its preface has said so.
func TestConnStateOfHTTP2(t *testing.T) {
	for name, authority := range map[string]*uvtest.Authority{"by its preface": nil, "by ALPN": uvtest.NewAuthority(t)} {
		t.Run(name, func(t *testing.T) {
			alike(t, authority, func(t *testing.T, s *http.Server, start starter) []string {
				r := newRegister(s)
				s.Protocols = new(http.Protocols)
				s.Protocols.SetHTTP1(true)
				s.Protocols.SetHTTP2(true)
				s.Protocols.SetUnencryptedHTTP2(true)
				s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })
				protocols := new(http.Protocols)
				tr := &http.Transport{Protocols: protocols}
				url := "http://" + start().addr.String()
				if authority != nil {
					protocols.SetHTTP2(true)
					tr.TLSClientConfig = authority.ClientConfig()
					url = "https" + url[4:]
				} else {
					protocols.SetUnencryptedHTTP2(true)
				}
				for range 2 {
					a, err := (&http.Client{Transport: tr}).Get(url)
					uvtest.Check(t, err)
					body, err := io.ReadAll(a.Body)
					uvtest.Check(t, err)
					a.Body.Close()
					if string(body) != "HTTP/2.0" {
						t.Errorf("%s", body)
					}
				}
				tr.CloseIdleConnections()
				return []string{fmt.Sprint(<-r.ended)}
			})
		})
	}
}
