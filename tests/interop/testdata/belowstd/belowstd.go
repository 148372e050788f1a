package belowstd

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"

	"github.com/uvgo/uvgo/uvhttp"
)

func init() {
	http.BelowServe, http.BelowShutdown, http.BelowClose, http.BelowKeepAlives = serve, shutdown, closeAll, keepAlives
}

var (
	mu      sync.Mutex
	servers = make(map[*http.Server][]*uvhttp.Server)
)

// serve serves a listener that has a socket. uvhttp's own use of net/http, for HTTP/2, has none.
func serve(s *http.Server, l net.Listener) (done bool, err error) {
	var config *tls.Config
	if t, ok := l.(interface {
		Below() (net.Listener, *tls.Config)
	}); ok {
		l, config = t.Below()
	}
	if _, ok := l.(syscall.Conn); !ok {
		return false, nil
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(config != nil && slices.Contains(config.NextProtos, "h2"))
	// As by uvhttp's zero value: it leaves HTTP/2's preface to no handler, such as x/net's h2c.
	protocols.SetUnencryptedHTTP2(s.Protocols == nil || s.Protocols.UnencryptedHTTP2())
	u := &uvhttp.Server{
		Handler: s.Handler, TLSConfig: config, Protocols: protocols, DisableGeneralOptionsHandler: s.DisableGeneralOptionsHandler,
		ReadTimeout: s.ReadTimeout, ReadHeaderTimeout: s.ReadHeaderTimeout, WriteTimeout: s.WriteTimeout, IdleTimeout: s.IdleTimeout,
		MaxHeaderBytes: s.MaxHeaderBytes, ConnState: s.ConnState, ErrorLog: s.ErrorLog, BaseContext: s.BaseContext, ConnContext: s.ConnContext,
	}
	mu.Lock()
	servers[s] = append(servers[s], u)
	mu.Unlock()
	fmt.Printf("uvhttp serves %v\n", l.Addr())
	if config != nil {
		return true, u.ServeTLS(l, "", "")
	}
	return true, u.Serve(l)
}

func of(s *http.Server) []*uvhttp.Server {
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(servers[s])
}

func shutdown(ctx context.Context, s *http.Server) error {
	for _, u := range of(s) {
		if err := u.Shutdown(ctx); err != nil {
			return err
		}
	}
	return nil
}

func closeAll(s *http.Server) {
	for _, u := range of(s) {
		_ = u.Close()
	}
}

func keepAlives(s *http.Server, v bool) {
	for _, u := range of(s) {
		u.SetKeepAlivesEnabled(v)
	}
}
