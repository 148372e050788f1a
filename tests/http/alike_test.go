package http

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// A behaver is one of the two servers, with what a test of their behaviour needs of it.
type behaver struct {
	daemon
	onShutdown func(f func())
	addr       net.Addr
	t          *testing.T
}

// A starter starts a server.
type starter func(sendBuffer ...int) *behaver

// alike has net/http's server and uvhttp's, with the same fields, go through the same, and compares what was noted. behave
// fills in the fields, calls start, and returns the notes. start may be given the size of the kernel's buffer for what is sent.
// authority, if there is one, is for TLS.
func alike(t *testing.T, authority *uvtest.Authority, behave func(t *testing.T, s *http.Server, start starter) []string) {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	run := func(name string, inline uvhttp.Inline) (notes []string) {
		t.Run(name, func(t *testing.T) {
			s := &http.Server{ErrorLog: log.New(io.Discard, "", 0)}
			notes = behave(t, s, func(sendBuffer ...int) *behaver {
				if authority != nil {
					s.TLSConfig = authority.ServerConfig(t)
				}
				b := &behaver{daemon: s, onShutdown: s.RegisterOnShutdown, t: t}
				if name != "net/http" {
					uv := sameFields(s, inline)
					b.daemon, b.onShutdown = uv, uv.RegisterOnShutdown
				}
				b.serve(authority != nil, sendBuffer...)
				return b
			})
		})
		return notes
	}
	want := run("net/http", 0)
	for name, inline := range inlines {
		if diff := cmp.Diff(want, run(name, inline)); diff != "" {
			t.Errorf("%s: net/http is -, uvhttp is +\n%s", name, diff)
		}
	}
}

// sameFields is uvhttp's server with the fields of net/http's.
func sameFields(s *http.Server, inline uvhttp.Inline) *uvhttp.Server {
	return &uvhttp.Server{
		Handler: s.Handler, ErrorLog: s.ErrorLog, TLSConfig: s.TLSConfig, Protocols: s.Protocols,
		ReadHeaderTimeout: s.ReadHeaderTimeout, ReadTimeout: s.ReadTimeout, WriteTimeout: s.WriteTimeout, IdleTimeout: s.IdleTimeout,
		ConnState: s.ConnState, ConnContext: s.ConnContext, Inline: inline, Loops: 1,
	}
}

// serve serves until the test ends.
func (b *behaver) serve(secure bool, sendBuffer ...int) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		for _, n := range sendBuffer { // connections inherit it
			_ = c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, n) })
		}
		return err
	}}
	ln := uvtest.Must(lc.Listen(b.t.Context(), "tcp", "127.0.0.1:0"))
	b.addr = ln.Addr()
	served := make(chan error, 1)
	go func() {
		if secure {
			served <- b.ServeTLS(ln, "", "")
			return
		}
		served <- b.Serve(ln)
	}()
	b.t.Cleanup(func() {
		uvtest.Expect(b.t, b.Close())
		uvtest.IsErr(b.t, "Serve", <-served, http.ErrServerClosed)
	})
}

// tlsDial connects to a server that speaks TLS.
func tlsDial(addr net.Addr, authority *uvtest.Authority) (net.Conn, error) {
	return tls.Dial(addr.Network(), addr.String(), authority.ClientConfig())
}
