package http

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// endOf reads what a client gets, and tells it with the way in which it ends.
func endOf(p *peer) string {
	got, err := io.ReadAll(p.in)
	head, body, _ := strings.Cut(string(got), "\r\n\r\n")
	if err == nil {
		err = io.EOF
	}
	for inner := err; inner != nil; inner = errors.Unwrap(err) {
		err = inner // without addresses
	}
	return fmt.Sprintf("%.15s + %s, then %v", head, shown([]byte(body)), err)
}

// TestWriteTimeoutEndsAsNetHTTPs: behind WriteTimeout the client gets what was sent in time, also if it reads only then, and the end
// of the stream. No reset takes away what the kernel has.
func TestWriteTimeoutEndsAsNetHTTPs(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"nothing written":        func(w http.ResponseWriter, r *http.Request) {},
		"written too late":       func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "late") },
		"written late and long":  func(w http.ResponseWriter, r *http.Request) { w.Write(text(100_000)) },
		"flushed late":           func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush() },
		"flushed, then too late": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "late") },
		"with a length": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "late")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alike(t, nil, func(t *testing.T, s *http.Server, start starter) []string {
				s.WriteTimeout = 100 * time.Millisecond
				r := newRegister(s)
				s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if name == "with a length" {
						w.Header().Set("Content-Length", "9")
					}
					if name == "with a length" || name == "flushed, then too late" {
						io.WriteString(w, "early")
						w.(http.Flusher).Flush()
					}
					time.Sleep(6 * s.WriteTimeout)
					handler(w, r)
				})
				p := dialHost(t, start().addr)
				p.send(get("/"))
				<-r.ended
				return []string{endOf(p)}
			})
		})
	}
}

// TestWriteTimeoutOfAClientThatReadsLate: what the kernel has taken of a long answer is not lost.
func TestWriteTimeoutOfAClientThatReadsLate(t *testing.T) {
	for name, size := range map[string]int{"in the handler": 64 << 20, "behind the handler": 200 << 10} {
		t.Run(name, func(t *testing.T) {
			all := text(size)
			alike(t, nil, func(t *testing.T, s *http.Server, start starter) []string {
				s.WriteTimeout = 300 * time.Millisecond
				r := newRegister(s)
				s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Length", fmt.Sprint(size))
					w.Write(all)
				})
				p := dialHost(t, start(8<<10).addr)
				uvtest.Check(t, p.Conn.(*net.TCPConn).SetReadBuffer(4<<10))
				p.send(get("/"))
				<-r.ended
				got, err := io.ReadAll(p.in)
				_, body, _ := bytes.Cut(got, []byte("\r\n\r\n"))
				return []string{fmt.Sprint("some: ", len(body) > 4<<10, ", all: ", len(body) == size, ", right: ", bytes.HasPrefix(all, body), ", then ", err)}
			})
		})
	}
}

// TestCloseEndsAsNetHTTPs closes a server while its clients are at every stage: each gets what was sent to it, also if it reads only
// then, and the end of the stream. With TLS that is a close_notify.
func TestCloseEndsAsNetHTTPs(t *testing.T) {
	for name, authority := range map[string]*uvtest.Authority{"plain": nil, "TLS": uvtest.NewAuthority(t)} {
		for _, c := range []struct{ name, request string }{
			{"no request", ""},
			{"idle", get("/idle")},
			{"in a handler", get("/")},
			{"in a handler that has flushed", get("/flushed")},
			{"in a handler that has flushed much", get("/much")},
			{"in a handler that reads", request("POST", "/body", "Content-Length: 9") + "abc"},
			{"in a handler that reads, flushed", request("POST", "/body?flush", "Content-Length: 9") + "abc"},
		} {
			if authority != nil && c.request == "" {
				continue // what has come of the handshake makes the difference
			}
			t.Run(name+" "+c.name, func(t *testing.T) {
				t.Parallel()
				alike(t, authority, func(t *testing.T, s *http.Server, start starter) []string {
					r := newRegister(s)
					reached := make(chan bool, 2)
					open := make(chan bool)
					defer close(open)
					s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("Content-Length", "1000000")
						switch r.URL.Path {
						case "/idle":
							w.Header().Set("Content-Length", "4")
							io.WriteString(w, "idle")
							return
						case "/flushed":
							io.WriteString(w, "early")
							w.(http.Flusher).Flush()
						case "/much":
							w.Write(text(40_000))
							w.(http.Flusher).Flush()
						case "/body":
							io.ReadFull(r.Body, make([]byte, 3))
							_ = http.NewResponseController(w).EnableFullDuplex() // for net/http, which would wait for the body
							if r.URL.RawQuery != "" {
								w.(http.Flusher).Flush()
							}
							reached <- true
							io.Copy(io.Discard, r.Body)
							return
						}
						reached <- true
						<-open
					})
					b := start()
					p := dialHost(t, b.addr)
					if authority != nil {
						c := tls.Client(p.Conn, authority.ClientConfig())
						uvtest.Check(t, c.Handshake())
						p = newPeer(c)
					}
					p.send(c.request)
					if c.name == "idle" {
						_, err := p.answer()
						uvtest.Check(t, err)
					} else if strings.HasSuffix(c.request, "\r\n\r\n") || strings.HasSuffix(c.request, "abc") {
						<-reached
					} else {
						r.met()
					}
					uvtest.Check(t, b.Close())
					return []string{endOf(p)}
				})
			})
		}
	}
}
