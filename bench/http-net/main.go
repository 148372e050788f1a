// Command http-net serves a work of bench-http on net/http.
package main

import (
	"context"
	"net"
	"net/http"

	"github.com/uvgo/uvgo/bench/internal/httpbench"
)

func main() { httpbench.Main(serve) }

func serve(ctx context.Context, o httpbench.Options) error {
	ln, err := net.Listen("tcp4", o.Addr)
	if err != nil {
		return err
	}
	if err := httpbench.Listening(ln.Addr()); err != nil {
		return err
	}
	srv := &http.Server{Handler: o.Work.Handler, TLSConfig: o.TLS}
	context.AfterFunc(ctx, func() { srv.Close() })
	if o.TLS != nil {
		return srv.ServeTLS(ln, "", "")
	}
	return srv.Serve(ln)
}
