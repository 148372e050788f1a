package main

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// loadWeb serves a handler, and returns the server's URL.
func loadWeb(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	loadWebOn(t, ln, &uvhttp.Server{Handler: h}, (*uvhttp.Server).Serve)
	return "http://" + ln.Addr().String()
}

func loadWebOn(t *testing.T, ln net.Listener, s *uvhttp.Server, serve func(*uvhttp.Server, net.Listener) error) {
	served := make(chan error, 1)
	go func() { served <- serve(s, ln) }()
	t.Cleanup(func() {
		uvtest.Check(t, s.Close())
		<-served
	})
}

// loadJSON runs a load until its end, and returns what it has measured.
func loadJSON(t *testing.T, status int, args ...string) (report, *process) {
	t.Helper()
	l := start(t, append([]string{"load", "--json", "--duration", "300ms", "--conns", "4"}, args...)...)
	return decode(t, l.wait(status)), l
}

func TestLoadMeasuresHTTP(t *testing.T) {
	url := loadWeb(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/chunks":
			for range 3 {
				io.WriteString(w, strings.Repeat("x", 1000))
				w.(http.Flusher).Flush()
			}
		case "/large":
			w.Write(make([]byte, 300_000))
		case "/closes":
			w.Header().Set("Connection", "close")
			io.WriteString(w, "bye")
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		default:
			io.WriteString(w, "hello")
		}
	})
	for _, tt := range []struct{ path, flags string }{
		{"/", ""}, {"/", "--pipeline 16 --loops 2"}, {"/", "--rate 300"}, {"/", "--rate 300 --pipeline 4"}, {"/", "--method HEAD"}, {"/chunks", ""},
		{"/chunks", "--pipeline 3"}, {"/large", ""}, {"/large", "--method HEAD --pipeline 2"}, {"/closes", ""}, {"/closes", "--pipeline 3"},
		{"/closes", "--rate 200"}, {"/empty", ""},
	} {
		t.Run(tt.path+" "+tt.flags, func(t *testing.T) {
			r, _ := loadJSON(t, 0, append(strings.Fields(tt.flags), url+tt.path)...)
			status := map[bool]string{true: "204", false: "200"}[tt.path == "/empty"]
			if r.Requests == 0 || r.Errors != 0 || len(r.Statuses) != 1 || r.Statuses[status] != r.Requests || r.AnswerBytes == 0 || r.Pipeline == 0 {
				t.Errorf("result %+v", r)
			}
			if closes := tt.path == "/closes"; closes != (r.Renewed > 0) {
				t.Errorf("%d connections renewed", r.Renewed)
			}
			wantLatencies(t, r)
		})
	}
}

func TestLoadSendsTheRequestThatItIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "body")
	uvtest.Check(t, os.WriteFile(file, []byte("from a file"), 0o600))
	var wrong atomic.Pointer[string]
	var want atomic.Pointer[string]
	url := loadWeb(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := fmt.Sprintf("%s %s host=%v x=%q ua=%s %q", r.Method, r.RequestURI, r.Host == "other", r.Header.Values("X"), r.UserAgent(), body)
		if got != *want.Load() {
			wrong.Store(&got)
		}
	})
	for _, tt := range []struct {
		path, want string
		flags      []string
	}{
		{"/a%20b?c=d#e", `GET /a%20b?c=d host=false x=[] ua=uvgo-load ""`, nil},
		{"", `GET / host=false x=[] ua=uvgo-load ""`, nil},
		{"/", `POST / host=false x=[] ua=uvgo-load "text"`, []string{"--body", "text"}},
		{"/", `PUT / host=false x=[] ua=uvgo-load "from a file"`, []string{"--body", "@" + file, "--method", "PUT"}},
		{"/", `POST / host=false x=[] ua=uvgo-load ""`, []string{"--method", "POST"}},
		{"/", `GET / host=true x=["1" "2"] ua=me ""`, []string{"-H", "host: other", "-H", "X: 1", "-H", "x:2", "-H", "User-Agent: me"}},
	} {
		want.Store(&tt.want)
		r, _ := loadJSON(t, 0, append(tt.flags, url+tt.path)...)
		if r.Requests == 0 || r.Errors != 0 {
			t.Errorf("result %+v", r)
		}
		if got := wrong.Swap(nil); got != nil {
			t.Errorf("the request is %s, want %s", *got, tt.want)
		}
	}
}

func TestLoadSpeaksHTTPS(t *testing.T) {
	cert := uvtest.Must(selfSigned("test"))
	ca := filepath.Join(t.TempDir(), "ca.pem")
	uvtest.Check(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600))
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	s := &uvhttp.Server{TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/closes" {
			w.Header().Set("Connection", "close")
		}
		io.WriteString(w, r.Proto)
	})}
	loadWebOn(t, ln, s, func(s *uvhttp.Server, ln net.Listener) error { return s.ServeTLS(ln, "", "") })
	for _, args := range [][]string{{"--insecure", "/"}, {"--ca", ca, "/"}, {"--ca", ca, "--pipeline", "4", "/"}, {"--ca", ca, "/closes"}, {"--ca", ca, "--rate", "100", "/closes"}} {
		args[len(args)-1] = "https://" + ln.Addr().String() + args[len(args)-1]
		if r, _ := loadJSON(t, 0, args...); r.Requests == 0 || r.Errors != 0 || r.Statuses["200"] != r.Requests {
			t.Errorf("%v: result %+v", args, r)
		}
	}
}

func TestLoadReachesHTTPOnAUnixSocket(t *testing.T) {
	path := uvtest.SocketPath(t)
	loadWebOn(t, uvtest.Must(net.Listen("unix", path)), &uvhttp.Server{Handler: http.NotFoundHandler()}, (*uvhttp.Server).Serve)
	r, _ := loadJSON(t, 0, "--unix-socket", path, "--any-status", "http://localhost/")
	if r.Requests == 0 || r.Statuses["404"] != r.Requests {
		t.Errorf("result %+v", r)
	}
}

func TestLoadTakesStatusesForFailures(t *testing.T) {
	url := loadWeb(t, http.NotFound)
	r, l := loadJSON(t, 1, url)
	if r.Requests == 0 || r.Errors != 0 {
		t.Errorf("result %+v", r)
	}
	holds(t, l.complaint(), "with a status of 400 or more: --any-status lets them pass")
	loadJSON(t, 0, url, "--any-status")
}

func TestLoadPrintsHTTPForPeople(t *testing.T) {
	url := loadWeb(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	l := start(t, "load", "--conns", "2", "--duration", "300ms", "--pipeline", "2", url)
	l.expect(`^2 connections, GET pipelined by 2, 1 loop, 300ms to ` + url + `$`)
	l.expect(`^requests +[1-9][\d,]* in \d[\d.]*m?s$`)
	l.expect(`^rate +[1-9][\d,]* requests/s, \d+\.\d MB/s of answers$`)
	l.expect(`^latency +p50 \S+s  p99 \S+s  p99\.9 \S+s  max \S+s$`)
	l.expect(`^statuses +[1-9][\d,]* × 200$`)
	l.expect(`^renewed +[1-9][\d,]* connections? that the server had ended$`)
	l.expect(`^errors +0$`)
	l.wait(0)
}

// TestLoadFindsWhatAnHTTPServerDoesWrong: each connection gets one good answer, and then the text.
func TestLoadFindsWhatAnHTTPServerDoesWrong(t *testing.T) {
	const good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for _, tt := range []struct{ name, text, want string }{
		{"too much", good + "more", errAnswer.Error()},
		{"too short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", errShort.Error()},
		{"a head that ends", "HTTP/1.1 200 OK\r\nConte", errShort.Error()},
		{"a chunk that ends", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", errShort.Error()},
		{"a chunk that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello", errChunk.Error()},
		{"no HTTP", "220 mail.example.com ESMTP\r\n", errAnswer.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := serveFunc(t, func(c net.Conn) {
				defer c.Close()
				r := bufio.NewReader(c)
				for _, text := range []string{good, tt.text} {
					if _, err := http.ReadRequest(r); err != nil {
						return
					}
					io.WriteString(c, text)
				}
				io.Copy(io.Discard, io.LimitReader(r, 1)) // what is unread would make the end a reset
			})
			if tt.want == errShort.Error() {
				addr = serveFunc(t, func(c net.Conn) {
					defer c.Close()
					if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
						io.WriteString(c, tt.text)
					}
				})
			}
			l := start(t, "load", "--json", "--conns", "4", "--duration", "1h", "http"+strings.TrimPrefix(addr, "tcp"))
			if r := decode(t, l.wait(1)); r.Kinds[tt.want] != 4 {
				t.Errorf("errors %v, want 4 of %q", r.Kinds, tt.want)
			}
			holds(t, l.complaint(), "the first: "+tt.want)
		})
	}
}

// TestLoadReplacesConnectionsThatTheServerEnds: a server may end one between two requests without saying so. One that
// never answers is an error.
func TestLoadReplacesConnectionsThatTheServerEnds(t *testing.T) {
	answers := func(n int) string {
		addr := serveFunc(t, func(c net.Conn) {
			defer c.Close()
			r := bufio.NewReader(c)
			for range n {
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
			http.ReadRequest(r) // the next is under way
		})
		return "http" + strings.TrimPrefix(addr, "tcp")
	}
	r, _ := loadJSON(t, 0, answers(3), "--pipeline", "2")
	if r.Requests == 0 || r.Renewed == 0 || r.Errors != 0 {
		t.Errorf("result %+v", r)
	}
	l := start(t, "load", "--json", "--conns", "4", "--duration", "1h", answers(0))
	if r := decode(t, l.wait(1)); r.Kinds[errEnded.Error()] != 4 {
		t.Errorf("result %+v", r)
	}
}

// TestLoadReadsAnswersWithoutALength: they last until the end of the connection, as with HTTP/1.0.
func TestLoadReadsAnswersWithoutALength(t *testing.T) {
	addr := serveFunc(t, func(c net.Conn) {
		defer c.Close()
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nall of it")
		}
	})
	r, _ := loadJSON(t, 0, "http"+strings.TrimPrefix(addr, "tcp"))
	if r.Requests == 0 || r.Errors != 0 || r.Statuses["200"] != r.Requests {
		t.Errorf("result %+v", r)
	}
}

func TestLoadSaysWhyItReachesNoHTTPServer(t *testing.T) {
	gone := "http" + strings.TrimPrefix(reserve(t), "tcp")
	alerts := serveFunc(t, func(c net.Conn) {
		c.Read(make([]byte, 100))
		io.WriteString(c, "\x15\x03\x01\x00\x02\x02\x0a")
		c.Close()
	})
	plain := loadWeb(t, http.NotFound)
	for _, tt := range []struct{ url, want string }{
		{gone + "/path", "nothing listens there, start a server with: uvgo http --listen " + gone + "\n"},
		{"https" + strings.TrimPrefix(plain, "http"), "no TLS there, write " + plain},
		{"http" + strings.TrimPrefix(alerts, "tcp"), "write https" + strings.TrimPrefix(alerts, "tcp")},
	} {
		l := start(t, "load", "--json", "--conns", "2", tt.url)
		l.wait(1)
		holds(t, l.complaint(), tt.want)
	}
}
