package uvhttp

import (
	"context"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"time"
)

// Inline says where handlers run.
type Inline int

const (
	// Auto runs handlers on the loop, as long as they are quick, and others on goroutines.
	Auto Inline = iota
	// Always runs them on the loop.
	Always
	// Never runs each on a goroutine.
	Never
)

// A Server serves HTTP. Fields as those of http.Server.
type Server struct {
	Addr                                                      string
	Handler                                                   http.Handler
	TLSConfig                                                 *tls.Config
	ReadTimeout, ReadHeaderTimeout, WriteTimeout, IdleTimeout time.Duration
	MaxHeaderBytes                                            int
	ConnState                                                 func(net.Conn, http.ConnState)
	ErrorLog                                                  *log.Logger
	BaseContext                                               func(net.Listener) context.Context
	ConnContext                                               func(ctx context.Context, c net.Conn) context.Context
	DisableGeneralOptionsHandler                              bool

	// Loops is how many loops serve; 0 means GOMAXPROCS.
	Loops int
	// MaxConns and MaxConnsPerIP are as those of server.Server.
	MaxConns, MaxConnsPerIP int
	// Inline says where handlers run.
	Inline Inline

	std http.Server
}

func (s *Server) ListenAndServe() error { return s.server().ListenAndServe() }
func (s *Server) ListenAndServeTLS(certFile, keyFile string) error {
	return s.server().ListenAndServeTLS(certFile, keyFile)
}
func (s *Server) Serve(l net.Listener) error { return s.server().Serve(l) }
func (s *Server) ServeTLS(l net.Listener, certFile, keyFile string) error {
	return s.server().ServeTLS(l, certFile, keyFile)
}
func (s *Server) Shutdown(ctx context.Context) error { return s.std.Shutdown(ctx) }
func (s *Server) Close() error                       { return s.std.Close() }
func (s *Server) RegisterOnShutdown(f func())        { s.std.RegisterOnShutdown(f) }
func (s *Server) SetKeepAlivesEnabled(v bool)        { s.std.SetKeepAlivesEnabled(v) }
func ListenAndServe(addr string, h http.Handler) error {
	return (&Server{Addr: addr, Handler: h}).ListenAndServe()
}
func (s *Server) server() *http.Server {
	s.std.Addr, s.std.Handler, s.std.TLSConfig = s.Addr, s.Handler, s.TLSConfig
	s.std.ReadTimeout, s.std.ReadHeaderTimeout, s.std.WriteTimeout, s.std.IdleTimeout = s.ReadTimeout, s.ReadHeaderTimeout, s.WriteTimeout, s.IdleTimeout
	s.std.MaxHeaderBytes, s.std.ConnState, s.std.ErrorLog, s.std.BaseContext, s.std.ConnContext = s.MaxHeaderBytes, s.ConnState, s.ErrorLog, s.BaseContext, s.ConnContext
	return &s.std
}
