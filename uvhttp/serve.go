package uvhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uvnet"
)

// ListenAndServe listens on Addr and serves HTTP until Shutdown or Close, and then returns [http.ErrServerClosed].
func (s *Server) ListenAndServe() error { return s.listenAndServe("tcp://", ":http", nil) }

// ListenAndServeTLS is ListenAndServe for HTTPS. The files may be "" if TLSConfig has a certificate.
func (s *Server) ListenAndServeTLS(certFile, keyFile string) error {
	config, err := s.tlsConfig(certFile, keyFile)
	if err != nil {
		return err
	}
	return s.listenAndServe("tls://", ":https", config)
}

func (s *Server) listenAndServe(scheme, port string, config *tls.Config) error {
	addr := s.Addr
	if addr == "" {
		addr = port
	}
	e, err := s.newEngine(nil, config)
	if err != nil {
		return err
	}
	defer s.forget(e)
	if err := e.inner.Listen(scheme + addr); err != nil {
		return e.failure(err)
	}
	e.setBase(boundListener{e})
	return e.serve()
}

// Serve serves HTTP on the connections of a listener, whose socket it duplicates: one of package net or uvnet. It closes it before it
// returns. A listener without a socket, such as one that wraps another, is served by net/http, with a warning.
func (s *Server) Serve(l net.Listener) error { return s.serveListener(l, nil) }

// ServeTLS is Serve for HTTPS. The files may be "" if TLSConfig has a certificate.
func (s *Server) ServeTLS(l net.Listener, certFile, keyFile string) error {
	config, err := s.tlsConfig(certFile, keyFile)
	if err != nil {
		_ = l.Close() // as net/http does
		return err
	}
	return s.serveListener(l, config)
}

func (s *Server) serveListener(l net.Listener, config *tls.Config) error {
	defer l.Close()
	e, err := s.newEngine(l, config)
	if err != nil {
		return err
	}
	defer s.forget(e)
	e.setBase(l)
	fd, ok, err := e.duplicate(l)
	if err != nil {
		return e.failure(err)
	}
	if !ok {
		e.opts.logger.Warn("uvhttp: the listener has no socket, or an Accept of its own, so net/http serves it", "listener", fmt.Sprintf("%T", l), "address", l.Addr())
		return e.serveStd(l)
	}
	scheme := "fd://"
	if config != nil {
		scheme = "tls+fd://"
	}
	if err := e.inner.Listen(fmt.Sprint(scheme, fd)); err != nil {
		_ = unix.Close(fd)
		return e.failure(err)
	}
	return e.serve()
}

// duplicate returns a duplicate of a listener's socket. ok: it has one.
func (e *engine) duplicate(l net.Listener) (fd int, ok bool, err error) {
	c, ok := l.(syscall.Conn)
	if !ok || !accepts(l) {
		return 0, false, nil
	}
	if e.raw, err = c.SyscallConn(); err != nil {
		return 0, false, err
	}
	fd = -1
	control := e.raw.Control(func(of uintptr) { fd, err = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 3) })
	if control != nil {
		return 0, false, control
	}
	return fd, err == nil, err
}

// accepts tells whether a listener's Accept only accepts. Another type may embed one of these, and with it its socket, but choose
// the connections in an Accept of its own.
func accepts(l net.Listener) bool {
	switch l.(type) {
	case *net.TCPListener, *net.UnixListener, *uvnet.TCPListener, *uvnet.UnixListener:
		return true
	}
	return false
}

// newEngine makes the engine of a call of Serve.
func (s *Server) newEngine(l net.Listener, config *tls.Config) (*engine, error) {
	e := &engine{srv: s, given: l, begun: make(chan struct{}), ends: make(chan struct{}), workers: make(map[*uvgo.Loop]*worker), handler: s.Handler}
	if e.handler == nil {
		e.handler = http.DefaultServeMux
	}
	o := &e.opts
	o.ConnState, o.ConnContext, o.inline, o.options = s.ConnState, s.ConnContext, s.Inline, !s.DisableGeneralOptionsHandler
	o.readTimeout, o.writeTimeout = max(s.ReadTimeout, 0), max(s.WriteTimeout, 0)
	o.headTimeout, o.idleTimeout = orElse(s.ReadHeaderTimeout, o.readTimeout), orElse(s.IdleTimeout, o.readTimeout)
	o.maxHead = s.MaxHeaderBytes
	if o.maxHead <= 0 {
		o.maxHead = http.DefaultMaxHeaderBytes
	}
	o.maxHead += 4 << 10 // as net/http
	o.mux, _ = e.handler.(*http.ServeMux)
	o.priorKnowledge = config == nil && (s.Protocols == nil || s.Protocols.UnencryptedHTTP2())
	o.logger = s.logger()
	e.std = s.standard(config)
	e.std.Handler = e.shared.counted(e.handler)
	e.http2 = newHanded(func(l net.Listener) { _ = e.std.Serve(l) }) // ErrServerClosed
	e.std.ConnState = func(nc net.Conn, state http.ConnState) { e.http2.state(s.ConnState, nc, state) }
	if s.ConnContext != nil {
		e.std.ConnContext = func(ctx context.Context, nc net.Conn) context.Context { return e.http2.context(s.ConnContext, ctx, nc) }
	}
	grace, closes := max(s.ShutdownGrace, 0), closeTimeout
	if closes == 0 && grace > 0 {
		closes = 5*time.Second + grace // package server's default, behind the grace
	}
	var handler server.Handler = events{e}
	if s.ConnState != nil || s.ConnContext != nil {
		handler = watched{events{e}}
	}
	e.inner = &server.Server{
		Handler: handler, Loops: s.Loops, MaxConns: s.MaxConns, MaxConnsPerIP: s.MaxConnsPerIP,
		TLSConfig: config, HandshakeTimeout: handshakeTimeout(o), HandshakeFailed: plainAnswer, CloseTimeout: closes, EndTimeout: endTimeout, NoReset: true, ShutdownGrace: grace, WriteTimeout: o.writeTimeout, Logger: o.logger, Options: s.Options,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends {
		return nil, http.ErrServerClosed
	}
	if s.engines == nil {
		s.engines = make(map[*engine]struct{})
	}
	s.engines[e] = struct{}{}
	return e, nil
}

// orElse is a timeout; 0 stands for other, and a negative one for none.
func orElse(d, other time.Duration) time.Duration {
	if d == 0 {
		return other
	}
	return max(d, 0)
}

// handshakeTimeout is the shortest of the timeouts that net/http applies to handshakes; 0: package server's.
func handshakeTimeout(o *options) (shortest time.Duration) {
	for _, d := range []time.Duration{o.headTimeout, o.readTimeout, o.writeTimeout} {
		if d > 0 && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	return shortest
}

// plainAnswer answers clients that speak plain HTTP to a port of HTTPS, as net/http does.
func plainAnswer(_ *server.Conn, err error) []byte {
	var e tls.RecordHeaderError
	if !errors.As(err, &e) {
		return nil
	}
	switch string(e.RecordHeader[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
		return []byte("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
	}
	return nil
}

// standard is net/http's server with the same fields.
func (s *Server) standard(config *tls.Config) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	if s.Protocols != nil {
		*protocols = *s.Protocols
	}
	return &http.Server{
		Addr: s.Addr, Handler: s.Handler, TLSConfig: config, DisableGeneralOptionsHandler: s.DisableGeneralOptionsHandler,
		ReadTimeout: s.ReadTimeout, ReadHeaderTimeout: s.ReadHeaderTimeout, WriteTimeout: s.WriteTimeout, IdleTimeout: s.IdleTimeout,
		MaxHeaderBytes: s.MaxHeaderBytes, ErrorLog: s.ErrorLog, Protocols: protocols,
	}
}

// tlsConfig is TLSConfig with the certificate of the files, and the protocols for ALPN.
func (s *Server) tlsConfig(certFile, keyFile string) (*tls.Config, error) {
	config := &tls.Config{}
	if s.TLSConfig != nil {
		config = s.TLSConfig.Clone()
	}
	has := len(config.Certificates) > 0 || config.GetCertificate != nil || config.GetConfigForClient != nil
	if !has || certFile != "" || keyFile != "" {
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{cert}
	}
	http1, http2 := true, true
	if s.Protocols != nil {
		http1, http2 = s.Protocols.HTTP1(), s.Protocols.HTTP2()
	}
	var protocols []string
	for name, on := range map[string]bool{"h2": http2, "http/1.1": http1} {
		if on && !slices.Contains(config.NextProtos, name) {
			protocols = append(protocols, name)
		}
	}
	slices.Sort(protocols) // h2 first
	config.NextProtos = append(protocols, slices.DeleteFunc(slices.Clone(config.NextProtos), func(name string) bool {
		return name == "h2" && !http2 || name == "http/1.1" && !http1
	})...)
	return config, nil
}

// failure is why Serve could not begin: err, or what Shutdown and Close cause.
func (e *engine) failure(err error) error {
	select {
	case <-e.begun:
		return http.ErrServerClosed
	default:
		return err
	}
}

// endTimeout is how long a client may take to end its side behind the last answer. A close that comes earlier may destroy the
// answer on its way, if the client sends something more.
const endTimeout = 500 * time.Millisecond

// closeTimeout is package server's CloseTimeout. 0: its default; tests shorten it.
var closeTimeout time.Duration

// setBase makes the context that those of all requests are made of, by BaseContext.
func (e *engine) setBase(l net.Listener) {
	base := context.Background()
	if fn := e.srv.BaseContext; fn != nil {
		if base = fn(l); base == nil {
			panic("uvhttp: BaseContext returned a nil context")
		}
	}
	e.opts.base = &baseContext{base, e}
	e.std.BaseContext = func(net.Listener) context.Context { return base }
}

// A boundListener stands for the sockets of ListenAndServe, where net/http has a listener. It tells their address; connections
// are the loops'.
type boundListener struct{ e *engine }

var _ net.Listener = boundListener{}

func (l boundListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (l boundListener) Close() error              { return net.ErrClosed }
func (l boundListener) Addr() net.Addr            { return l.e.inner.Addrs()[0] }

// serveStd serves a listener by net/http.
func (e *engine) serveStd(l net.Listener) error {
	if config := e.std.TLSConfig; config != nil {
		l = tls.NewListener(l, config)
	}
	err := e.std.Serve(l)
	select {
	case <-e.begun: // Shutdown and Close close the listener first, and may come between that and net/http's flag
		return http.ErrServerClosed
	default:
		return err
	}
}
