package http

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// A config is what both servers of a pair are given.
type config struct {
	maxHeader   int
	noKeepAlive bool
	noOptions   bool
	tls         *uvtest.Authority
	readHeader  time.Duration
	read, write time.Duration
	idle        time.Duration
	inline      uvhttp.Inline // uvhttp's alone
	loops       int           // uvhttp's alone
}

// configs are the settings that an exchange may ask for by its field on.
var configs = map[string]config{
	"":            {},
	"small heads": {maxHeader: 4096},
	"no keep":     {noKeepAlive: true},
	"no options":  {noOptions: true},
	"timeouts":    {readHeader: time.Hour, read: time.Hour, write: time.Hour, idle: time.Hour},
}

// startOracle starts net/http's server.
func startOracle(t testing.TB, c config) *subject {
	t.Helper()
	j := newJournal()
	s := &http.Server{
		Handler: program(j), ErrorLog: log.New(io.Discard, "", 0), MaxHeaderBytes: c.maxHeader,
		ReadHeaderTimeout: c.readHeader, ReadTimeout: c.read, WriteTimeout: c.write, IdleTimeout: c.idle,
		BaseContext: baseContext, ConnContext: connContext, DisableGeneralOptionsHandler: c.noOptions,
	}
	if c.tls != nil {
		s.TLSConfig = c.tls.ServerConfig(t)
	}
	s.SetKeepAlivesEnabled(!c.noKeepAlive)
	return start(t, "net/http", c, j, s)
}

// startUV starts uvhttp's server.
func startUV(t testing.TB, c config) *subject {
	t.Helper()
	j := newJournal()
	return start(t, "uvhttp", c, j, newUV(t, c, program(j)))
}

// newUV makes uvhttp's server.
func newUV(t testing.TB, c config, h http.Handler) *uvhttp.Server {
	s := &uvhttp.Server{
		Handler: h, ErrorLog: log.New(io.Discard, "", 0), MaxHeaderBytes: c.maxHeader,
		ReadHeaderTimeout: c.readHeader, ReadTimeout: c.read, WriteTimeout: c.write, IdleTimeout: c.idle,
		BaseContext: baseContext, ConnContext: connContext, DisableGeneralOptionsHandler: c.noOptions,
		Inline: c.inline, Loops: c.loops,
	}
	if c.tls != nil {
		s.TLSConfig = c.tls.ServerConfig(t)
	}
	s.SetKeepAlivesEnabled(!c.noKeepAlive)
	return s
}

// A daemon is what both servers can do.
type daemon interface {
	Serve(net.Listener) error
	ServeTLS(l net.Listener, certFile, keyFile string) error
	Shutdown(context.Context) error
	Close() error
}

// start serves until the test ends, or until stop is called.
func start(t testing.TB, name string, c config, j *journal, s daemon) *subject {
	t.Helper()
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	srv := &subject{name: name, addr: ln.Addr(), journal: j}
	served := make(chan error, 1)
	if c.tls != nil {
		srv.tls = c.tls.ClientConfig()
		srv.tls.ClientSessionCache = tls.NewLRUClientSessionCache(8)
		go func() { served <- s.ServeTLS(ln, "", "") }()
	} else {
		go func() { served <- s.Serve(ln) }()
	}
	srv.stop = sync.OnceFunc(func() {
		if err := s.Close(); err != nil {
			t.Errorf("%s: Close: %v", name, err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("%s: Serve: %v", name, err)
		}
	})
	t.Cleanup(srv.stop)
	return srv
}
