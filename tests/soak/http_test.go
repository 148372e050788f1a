package soak

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

func init() {
	register(
		&actor{name: "uvhttp", weight: 5, run: func(o *op) { o.requests(o.w.web.plain, "http") }},
		&actor{name: "uvhttp, TLS", weight: 3, run: func(o *op) { o.requests(o.w.web.tls, "https") }},
		&actor{name: "uvhttp, HTTP/2", weight: 2, run: func(o *op) { o.requests(o.w.web.h2, "https") }},
		&actor{name: "uvhttp, raw clients", weight: 3, run: rawClients},
		&actor{name: "uvhttp, come and go", weight: 1, run: webComesAndGoes},
	)
}

// A webServer is a uvhttp.Server with and without TLS, and clients of net/http for both.
type webServer struct {
	plain, tls, h2 *http.Client
	addr, tlsAddr  string
	file           string // what /file serves
	data           []byte
	hijacked       sync.WaitGroup
}

func startWeb(w *world) *webServer {
	s := &webServer{file: w.path("served"), data: uvtest.Pattern(300_000, 7)}
	if err := os.WriteFile(s.file, s.data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.atEnd(func() { _ = os.Remove(s.file) })
	w.atEnd(s.hijacked.Wait)
	serve := func(config *tls.Config) string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			w.t.Fatal(err)
		}
		srv := &uvhttp.Server{Handler: s, Loops: 2, ErrorLog: discardLog, TLSConfig: config, Options: []uvgo.Option{uvgo.WithLogger(quietLog)}}
		served := make(chan error, 1)
		go func() {
			if config != nil {
				served <- srv.ServeTLS(ln, "", "")
			} else {
				served <- srv.Serve(ln)
			}
		}()
		w.atEnd(func() {
			ctx, cancel := context.WithTimeout(context.Background(), hang)
			defer cancel()
			w.ended("uvhttp shutdown", srv.Shutdown(ctx))
			if err := within(served); !errors.Is(err, http.ErrServerClosed) {
				w.ended("uvhttp serve", err)
			}
			if st := srv.Stats(); st.InFlight != 0 || st.Conns.Conns != 0 {
				w.t.Errorf("the web server has %d requests and %d connections behind its end", st.InFlight, st.Conns.Conns)
			}
		})
		return ln.Addr().String()
	}
	s.addr, s.tlsAddr = serve(nil), serve(w.echo.certs.server())
	client := func(h2 bool) *http.Client {
		t := &http.Transport{TLSClientConfig: w.echo.certs.client(), ForceAttemptHTTP2: h2, MaxIdleConnsPerHost: 16}
		w.atEnd(t.CloseIdleConnections)
		return &http.Client{Transport: t, Timeout: hang}
	}
	s.plain, s.tls, s.h2 = client(false), client(false), client(true)
	return s
}

// ServeHTTP answers with the body and its checksum, or in the way that the path says.
func (s *webServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/echo":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Header().Set("X-Sum", fmt.Sprint(crc32.Checksum(body, castagnoli)))
		if r.URL.Query().Has("chunked") {
			for len(body) > 0 {
				n := min(len(body), 5000)
				_, _ = w.Write(body[:n])
				_ = http.NewResponseController(w).Flush()
				body = body[n:]
			}
			return
		}
		_, _ = w.Write(body)
	case "/file":
		http.ServeFile(w, r, s.file)
	case "/wait": // blocks, as a handler that asks a database
		time.Sleep(time.Duration(len(r.URL.RawQuery)) * 100 * time.Microsecond)
		fmt.Fprint(w, "waited")
	case "/panic":
		panic(http.ErrAbortHandler)
	case "/boom":
		panic(errProvoked)
	case "/hijack":
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		s.hijacked.Go(func() {
			defer c.Close()
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_, _ = io.Copy(c, rw)
		})
	default:
		http.NotFound(w, r)
	}
}

// webBroken are the errors of a client whose request the server ends.
var webBroken = []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, context.Canceled, context.DeadlineExceeded}

// requests sends requests of all kinds.
func (o *op) requests(c *http.Client, scheme string) {
	base := scheme + "://" + o.w.web.addr
	if scheme == "https" {
		base = "https://" + o.w.web.tlsAddr
	}
	for range 1 + o.IntN(5) {
		switch o.IntN(6) {
		case 0, 1:
			o.post(c, base)
		case 2:
			o.get(c, base+"/file", o.w.web.data)
		case 3:
			o.get(c, base+"/wait?"+strconv.Itoa(o.IntN(1000)), []byte("waited"))
		case 4: // the handler panics: the connection ends, or with HTTP/2 the stream
			o.fault("a handler panicked")
			resp, err := c.Get(base + []string{"/panic", "/boom"}[o.IntN(2)])
			if err == nil {
				_ = resp.Body.Close()
				o.lose("a handler that panicked answered %s", resp.Status)
			}
		case 5: // the client gives up
			o.fault("a client gave up")
			ctx, cancel := context.WithTimeout(context.Background(), o.pause())
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, base+"/echo?chunked", bytes.NewReader(make([]byte, 1+o.IntN(1<<20))))
			if resp, err := c.Do(req); o.check("post", err, webBroken...) {
				_, err := io.Copy(io.Discard, resp.Body)
				o.check("body", err, webBroken...)
				_ = resp.Body.Close()
			}
			cancel()
		}
	}
}

// post sends a body, and wants it back.
func (o *op) post(c *http.Client, base string) {
	body := o.payload(512 << 10)
	url, in := base+"/echo", io.Reader(bytes.NewReader(body))
	if o.chance(2) {
		url += "?chunked"
	}
	if o.chance(2) {
		in = io.MultiReader(in) // of a length that the client does not know
	}
	resp, err := c.Post(url, "application/octet-stream", in)
	if !o.check("post", err) {
		return
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if sum := fmt.Sprint(crc32.Checksum(got, castagnoli)); o.check("body", err) && (!bytes.Equal(got, body) || sum != resp.Header.Get("X-Sum")) {
		o.lose("a body of %d bytes came back as %d others, with status %s", len(body), len(got), resp.Status)
	}
	o.arrived(len(got))
}

// get wants this body.
func (o *op) get(c *http.Client, url string, want []byte) {
	resp, err := c.Get(url)
	if !o.check("get", err) {
		return
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if o.check("body", err) && !bytes.Equal(got, want) {
		o.lose("%s: %d bytes came, want %d, status %s", url, len(got), len(want), resp.Status)
	}
	o.arrived(len(got))
}

// rawClients send what clients of libraries do not: halves of requests, pipelines, upgrades, nothing.
func rawClients(o *op) {
	c, err := net.Dial("tcp", o.w.web.addr)
	if !o.check("dial", err) {
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(hang))
	switch o.IntN(4) {
	case 0: // half a request
		o.fault("half a request")
		_, err := io.WriteString(c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf"[:1+o.IntN(57)])
		o.check("write", err)
	case 1: // a pipeline, whose answers come in order
		n := 1 + o.IntN(20)
		for i := range n {
			_, err := fmt.Fprintf(c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n%06d", i)
			o.check("write", err)
		}
		o.answers(c, n)
	case 2: // an upgrade, and then bytes
		_, err := io.WriteString(c, "GET /hijack HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		o.check("write", err)
		head := make([]byte, len("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"))
		if _, err := io.ReadFull(c, head); !o.check("read", err) {
			return
		}
		o.exchange(c, c, 0, false)
	case 3: // a reset
		o.fault("a reset")
		_, err := io.WriteString(c, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
		o.check("write", err)
		_ = c.(*net.TCPConn).SetLinger(0)
	}
}

// webComesAndGoes starts a server and shuts it down with a request under way.
func webComesAndGoes(o *op) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if !o.check("listen", err) {
		return
	}
	began, release := make(chan struct{}), make(chan struct{})
	srv := &uvhttp.Server{ErrorLog: discardLog, Loops: 1, Options: o.someOptions(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-release
		fmt.Fprint(w, "answered")
	})}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	answered := o.owe("the answer to a request under way")
	t := &http.Transport{}
	defer t.CloseIdleConnections()
	abrupt := o.chance(3)
	go func() {
		defer answered()
		resp, err := (&http.Client{Transport: t, Timeout: hang}).Get("http://" + ln.Addr().String())
		if err != nil {
			if !abrupt {
				o.lose("get: %v", err)
			}
			return
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); !abrupt && (err != nil || string(body) != "answered") {
			o.lose("a request under way was answered by %q, %v", body, err)
		}
	}()
	<-began
	if abrupt {
		o.fault("a server closed with a request under way")
		_ = srv.Close()
		close(release)
	} else {
		time.AfterFunc(o.pause(), func() { close(release) })
		o.check("shutdown", srv.Shutdown(context.Background()))
	}
	o.check("serve", within(served), http.ErrServerClosed)
	o.settle()
}
