package http

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvhttp"
)

// A host is a uvhttp server with a handler of the test's own.
type host struct {
	*uvhttp.Server
	addr   net.Addr
	log    *logbook
	served chan error
}

// startHost serves until the test ends. It serves "/canary" itself.
func startHost(t testing.TB, s *uvhttp.Server, handler http.HandlerFunc) *host {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	h := openHost(s, handler)
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-h.served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return h
}

// openHost is startHost without an end.
func openHost(s *uvhttp.Server, handler http.HandlerFunc) *host {
	h := &host{Server: s, log: new(logbook), served: make(chan error, 1)}
	s.ErrorLog = log.New(h.log, "", 0)
	mux := http.NewServeMux()
	mux.HandleFunc("/canary", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "sings") })
	mux.HandleFunc("/", handler)
	s.Handler = mux
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	h.addr = ln.Addr()
	go func() { h.served <- s.Serve(ln) }()
	return h
}

// url is the address of a path.
func (h *host) url(path string) string { return "http://" + h.addr.String() + path }

// A logbook is an error log.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// A peer is a client's connection.
type peer struct {
	net.Conn
	in *bufio.Reader
}

func dialHost(t testing.TB, addr net.Addr) *peer {
	t.Helper()
	return newPeer(kit.Dial(t, addr))
}

func newPeer(c net.Conn) *peer { return &peer{c, bufio.NewReader(c)} }

// send writes a text; a failure is the reader's to see.
func (p *peer) send(s string) { _, _ = io.WriteString(p.Conn, s) }

// answer reads the next response, to a GET.
func (p *peer) answer() (*response, error) {
	r, end := readResponse(p.in, "GET", func() {})
	if r == nil {
		return nil, errors.New(end)
	}
	if r.Cut != "" {
		return r, fmt.Errorf("%s is cut: %s", r.Status, r.Cut)
	}
	return r, nil
}

// ask sends a request and fails the test unless the answer has this status; it returns the body.
func (p *peer) ask(t testing.TB, request, status string) string {
	t.Helper()
	p.send(request)
	r, err := p.answer()
	switch {
	case err != nil:
		t.Errorf("%.40q: %v", request, err)
		return ""
	case r.code() != status:
		t.Errorf("%.40q: %s, want %s", request, r.Status, status)
	}
	return r.Body
}

// gone reads until the server ends the connection.
func (p *peer) gone() { _, _ = io.Copy(io.Discard, p.in) }

// leave reads until the server ends the connection, and closes it then.
func (p *peer) leave() {
	p.gone()
	p.Close()
}

// A canary is a client that asks one request after another all the time, while others misbehave.
type canary struct {
	t    testing.TB
	n    atomic.Int64
	quit atomic.Bool
	done chan struct{}
}

// startCanary starts one for a server. It sings until stop is called.
func startCanary(t testing.TB, addr net.Addr) *canary {
	t.Helper()
	c, p := &canary{t: t, done: make(chan struct{})}, dialHost(t, addr)
	go func() {
		defer close(c.done)
		for !c.quit.Load() {
			if body := p.ask(t, get("/canary"), "200"); body != "sings" {
				t.Errorf("the canary says %q", body)
				return
			}
			c.n.Add(1)
		}
	}()
	return c
}

// sings waits until the canary has had n more answers.
func (c *canary) sings(n int64) {
	c.t.Helper()
	for end := c.n.Load() + n; c.n.Load() < end; time.Sleep(time.Millisecond) {
		select {
		case <-c.done:
			c.t.Fatal("the canary has ended")
		default:
		}
	}
}

// stop ends it.
func (c *canary) stop() {
	c.quit.Store(true)
	<-c.done
}

// A gate counts those that have come, and lets them go together.
type gate struct {
	n    atomic.Int64
	open chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

// pass comes and waits.
func (g *gate) pass() {
	g.n.Add(1)
	<-g.open
}

// until waits until n have come.
func (g *gate) until(n int64) { wait(func() bool { return g.n.Load() >= n }) }

// wait waits for what other goroutines bring about; the test's watchdog ends what never comes.
func wait(holds func() bool) {
	for i := 0; !holds(); i++ {
		if runtime.Gosched(); i > 10 {
			time.Sleep(time.Millisecond)
		}
	}
}

// inlines are the ways of running handlers that may block.
var inlines = map[string]uvhttp.Inline{"auto": uvhttp.Auto, "never": uvhttp.Never}

// eachInline runs a test in both ways, on one loop.
func eachInline(t *testing.T, test func(t *testing.T, s *uvhttp.Server)) {
	for name, inline := range inlines {
		t.Run(name, func(t *testing.T) { test(t, &uvhttp.Server{Inline: inline, Loops: 1}) })
	}
}

// shutdown shuts a server down without a limit.
func (h *host) shutdown(t testing.TB) {
	t.Helper()
	if err := h.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}
