package uvhttp

import (
	"context"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/uv"
)

// A Server serves HTTP on loops. Its fields and methods are those of http.Server of the same name, unless said. Fields must
// not change once it serves. The zero value serves http.DefaultServeMux.
type Server struct {
	// Addr is the TCP address of ListenAndServe, ":http" if empty, and of ListenAndServeTLS, ":https".
	Addr string
	// Handler answers the requests; nil: http.DefaultServeMux. See Inline for where it runs.
	Handler http.Handler
	// DisableGeneralOptionsHandler passes "OPTIONS *" to Handler, instead of answering it.
	DisableGeneralOptionsHandler bool
	// TLSConfig is for ServeTLS and ListenAndServeTLS.
	TLSConfig *tls.Config
	// ReadTimeout is how long a request may take to arrive, body included. 0: no limit.
	ReadTimeout time.Duration
	// ReadHeaderTimeout is how long its head may take; 0: ReadTimeout.
	ReadHeaderTimeout time.Duration
	// WriteTimeout is how long an answer may take, from the end of the request's head on; behind that, how
	// long the client may take none of its bytes. 0: no limit.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection waits for its next request; 0: ReadTimeout.
	IdleTimeout time.Duration
	// MaxHeaderBytes is how long a head may be, and 4 KiB more. 0: http.DefaultMaxHeaderBytes.
	MaxHeaderBytes int
	// ConnState is called on the loop when a connection changes its state. It must not block. The net.Conn has addresses, Close and
	// deadlines; its bytes belong to the server until it is hijacked.
	ConnState func(net.Conn, http.ConnState)
	// ErrorLog gets what clients and handlers do wrong; nil: slog's default.
	ErrorLog *log.Logger
	// BaseContext returns the context that those of requests are made of; nil: context.Background. The listener
	// is the one given to Serve; that of ListenAndServe has an address and nothing more.
	BaseContext func(net.Listener) context.Context
	// ConnContext makes the context of a connection's requests. It is called on the loop, with a net.Conn as ConnState.
	ConnContext func(ctx context.Context, c net.Conn) context.Context
	// Protocols are those that are served; nil: HTTP/1, and HTTP/2 by ALPN and by prior knowledge.
	Protocols *http.Protocols

	// Loops is how many loops serve, each on a goroutine of its own; 0: GOMAXPROCS. Each call of Serve has loops of its
	// own.
	Loops int
	// MaxConns and MaxConnsPerIP are how many connections there may be at once, of each call of Serve, as server.Server's fields
	// of these names. 0: no limit.
	MaxConns, MaxConnsPerIP int
	// ShutdownGrace is how long Shutdown leaves idle connections open, for requests that are on their way. Their answers say
	// that the connection closes. 0: not at all, as net/http.
	ShutdownGrace time.Duration
	// Inline says where handlers run.
	Inline Inline
	// Options are those of the loops, as server.Server's field of this name: a watchdog, for example.
	Options []uvgo.Option

	noKeepAlives atomic.Bool
	mu           sync.Mutex
	engines      map[*engine]struct{}
	onShutdown   []func()
	past         Stats       // of engines that were forgotten
	late         sharedMeter // handlers that have returned behind their loop's end
	ends         bool        // Shutdown or Close was called
}

// Inline says where handlers run.
type Inline int

const (
	// Auto runs handlers on the loop. Those that turn out slow run on goroutines for a while; see docs/uvhttp.md.
	Auto Inline = iota
	// Always runs handlers on the loop, also those that were slow before: each holds the loop up for two milliseconds.
	Always
	// Never runs each handler on a goroutine.
	Never
)

// ListenAndServe serves HTTP on Addr. It is [Server.ListenAndServe] of a Server with these two fields.
func ListenAndServe(addr string, handler http.Handler) error {
	return (&Server{Addr: addr, Handler: handler}).ListenAndServe()
}

// ListenAndServeTLS serves HTTPS on Addr, with a certificate and key from files.
func ListenAndServeTLS(addr, certFile, keyFile string, handler http.Handler) error {
	return (&Server{Addr: addr, Handler: handler}).ListenAndServeTLS(certFile, keyFile)
}

// Shutdown ends the server gracefully: nobody is accepted any more, requests that have been sent whole are answered,
// and idle connections closed. It returns when all have ended. Hijacked connections are their owners'. Other than with net/http, the
// end of ctx closes what is left, and the handlers' contexts end. In a handler it would wait for that handler.
func (s *Server) Shutdown(ctx context.Context) error {
	if ctx == nil {
		return uv.Fail("http: shutdown", uv.EINVAL)
	}
	s.mu.Lock()
	s.ends = true
	engines := s.all()
	funcs := slices.Clone(s.onShutdown)
	s.mu.Unlock()
	for _, e := range engines {
		e.stop()
	}
	for _, f := range funcs {
		go f()
	}
	return waitAll(engines, func(e *engine) error { return e.shutdown(ctx) })
}

// Close ends the server at once: listeners and connections are closed, and the contexts of handlers end.
func (s *Server) Close() error {
	s.mu.Lock()
	s.ends = true
	engines := s.all()
	s.mu.Unlock()
	return waitAll(engines, (*engine).close)
}

// all returns the engines. The caller has locked mu.
func (s *Server) all() (all []*engine) {
	for e := range s.engines {
		all = append(all, e)
	}
	return all
}

// waitAll calls fn for all engines at once, and returns the first error. In a handler the loop is lent meanwhile.
func waitAll(engines []*engine, fn func(e *engine) error) error {
	wait, err := core.BeginWait("http: shutdown")
	if err != nil {
		return err
	}
	errs := make([]error, len(engines))
	wait.For(func() {
		var wg sync.WaitGroup
		for i, e := range engines {
			wg.Go(func() { errs[i] = fn(e) })
		}
		wg.Wait()
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// RegisterOnShutdown makes each call of Shutdown call f on a goroutine, for example to end hijacked connections. Close does not.
func (s *Server) RegisterOnShutdown(f func()) {
	s.mu.Lock()
	s.onShutdown = append(s.onShutdown, f)
	s.mu.Unlock()
}

// SetKeepAlivesEnabled tells whether connections stay open behind an answer. They do by default. False closes those that are idle.
func (s *Server) SetKeepAlivesEnabled(v bool) {
	s.noKeepAlives.Store(!v)
	s.mu.Lock()
	engines := s.all()
	s.mu.Unlock()
	for _, e := range engines {
		e.std.SetKeepAlivesEnabled(v)
		if !v {
			e.each((*conn).closeIdle)
		}
	}
}
