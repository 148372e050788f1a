// Command http-uvhttp serves a work of bench-http on uvhttp with one loop. Its modes are never and always:
// where handlers run.
package main

import (
	"context"
	"net"

	"github.com/uvgo/uvgo/bench/internal/httpbench"
	"github.com/uvgo/uvgo/uvhttp"
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
	inline := map[string]uvhttp.Inline{"never": uvhttp.Never, "always": uvhttp.Always}
	srv := &uvhttp.Server{Handler: o.Work.Handler, TLSConfig: o.TLS, Loops: 1, Inline: inline[o.Mode]}
	context.AfterFunc(ctx, func() { srv.Close() })
	if o.TLS != nil {
		return srv.ServeTLS(ln, "", "")
	}
	return srv.Serve(ln)
}
