package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

type netConnKey struct{}

// TestConnOfConnContext: what ConnContext got closes the connection, and sets its deadlines, whoever has it: HTTP/1 between requests and in
// a handler, a hijacker, and HTTP/2.
func TestConnOfConnContext(t *testing.T) {
	authority := uvtest.NewAuthority(t)
	does := map[string]func(c net.Conn) error{
		"Close":                       net.Conn.Close,
		"SetDeadline, past":           func(c net.Conn) error { return c.SetDeadline(time.Unix(1, 0)) },
		"SetReadDeadline, past":       func(c net.Conn) error { return c.SetReadDeadline(time.Unix(1, 0)) },
		"SetReadDeadline, soon":       func(c net.Conn) error { return c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) },
		"SetWriteDeadline, and Close": func(c net.Conn) error { return errors.Join(c.SetWriteDeadline(time.Now().Add(time.Hour)), c.Close()) },
	}
	for name, do := range does {
		for _, c := range []struct {
			where string
			tls   bool
			via   func(t *testing.T, b *behaver, conns chan net.Conn) []string
		}{
			{"idle", false, func(t *testing.T, b *behaver, conns chan net.Conn) []string {
				p := dialHost(t, b.addr)
				p.ask(t, get("/"), "200")
				return []string{fmt.Sprint(do(<-conns)), endOf(p)}
			}},
			{"hijacked", false, func(t *testing.T, b *behaver, conns chan net.Conn) []string {
				p := dialHost(t, b.addr)
				p.send(get("/hijack", "Connection: upgrade"))
				return []string{fmt.Sprint(do(<-conns)), endOf(p)}
			}},
			{"hijacked, TLS", true, func(t *testing.T, b *behaver, conns chan net.Conn) []string {
				p := newPeer(uvtest.Must(tlsDial(b.addr, authority)))
				defer p.Close()
				p.send(get("/hijack", "Connection: upgrade"))
				return []string{fmt.Sprint(do(<-conns)), endOf(p)}
			}},
			{"HTTP/2 by its preface", false, func(t *testing.T, b *behaver, conns chan net.Conn) []string {
				protocols := new(http.Protocols)
				protocols.SetUnencryptedHTTP2(true)
				return overHTTP2(t, &http.Transport{Protocols: protocols}, "http://"+b.addr.String(), conns, do)
			}},
			{"HTTP/2 by ALPN", true, func(t *testing.T, b *behaver, conns chan net.Conn) []string {
				protocols := new(http.Protocols)
				protocols.SetHTTP2(true)
				return overHTTP2(t, &http.Transport{Protocols: protocols, TLSClientConfig: authority.ClientConfig()}, "https://"+b.addr.String(), conns, do)
			}},
		} {
			if c.where == "idle" && name != "Close" {
				continue // net/http sets its own deadline just behind the answer
			}
			t.Run(name+" "+c.where, func(t *testing.T) {
				t.Parallel()
				a := authority
				if !c.tls {
					a = nil
				}
				alike(t, a, func(t *testing.T, s *http.Server, start starter) []string {
					r := newRegister(s)
					s.Protocols = new(http.Protocols)
					s.Protocols.SetHTTP1(true)
					s.Protocols.SetHTTP2(true)
					s.Protocols.SetUnencryptedHTTP2(true)
					s.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, netConnKey{}, c) }
					conns, heard := make(chan net.Conn, 1), make(chan string, 1)
					s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						nc := r.Context().Value(netConnKey{}).(net.Conn)
						if r.URL.Path != "/hijack" {
							io.WriteString(w, r.Proto)
							conns <- nc
							return
						}
						c, _, err := http.NewResponseController(w).Hijack()
						if err != nil {
							t.Error(err)
							return
						}
						defer c.Close()
						conns <- nc
						_, err = c.Read(make([]byte, 1))
						var ne net.Error
						heard <- fmt.Sprint(errors.Is(err, net.ErrClosed), errors.As(err, &ne) && ne.Timeout())
					})
					notes := c.via(t, start(), conns)
					notes = append(notes, fmt.Sprint(<-r.ended))
					if strings.HasPrefix(c.where, "hijacked") {
						notes = append(notes, <-heard)
					}
					return notes
				})
			})
		}
	}
}

// overHTTP2 asks twice by HTTP/2, does something with the server's connection, and waits for its end.
func overHTTP2(t *testing.T, tr *http.Transport, url string, conns chan net.Conn, do func(net.Conn) error) (notes []string) {
	ended := make(chan bool)
	tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &endWatch{c, sync.OnceFunc(func() { close(ended) })}, err
	}
	defer tr.CloseIdleConnections()
	for range 2 {
		a, err := (&http.Client{Transport: tr}).Get(url)
		uvtest.Check(t, err)
		body, err := readAll(a.Body)
		a.Body.Close()
		nc := <-conns
		notes = append(notes, body, fmt.Sprint(err))
		if len(notes) == 4 {
			notes = append(notes, fmt.Sprint(do(nc)))
		}
	}
	<-ended
	return notes
}

// An endWatch tells when its user closes it: a Transport does when the server has ended the connection.
type endWatch struct {
	net.Conn
	end func()
}

func (w *endWatch) Close() error {
	w.end()
	return w.Conn.Close()
}

// TestDeadlinesOfConnContextsConn: a handler that sets them at the connection itself has what http.ResponseController would have given it.
func TestDeadlinesOfConnContextsConn(t *testing.T) {
	alike(t, nil, func(t *testing.T, s *http.Server, start starter) []string {
		s.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, netConnKey{}, c) }
		heard := make(chan string, 3)
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			nc := r.Context().Value(netConnKey{}).(net.Conn)
			note := func(err error) { heard <- fmt.Sprint(errors.Is(err, os.ErrDeadlineExceeded)) }
			_, _ = nc.LocalAddr(), nc.SetReadDeadline(time.Now().Add(50*time.Millisecond))
			_, err := io.ReadAll(r.Body)
			note(err)
			_ = nc.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
			for err = nil; err == nil; {
				_, err = w.Write(text(1 << 20))
			}
			note(err)
		})
		p := dialHost(t, start().addr)
		p.send(request("POST", "/", "Content-Length: 9") + "abc")
		return []string{<-heard, <-heard}
	})
}
