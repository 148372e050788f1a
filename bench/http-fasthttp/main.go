// Command http-fasthttp serves a work of bench-http on fasthttp, which is on package net, with its defaults.
package main

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

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
	srv := &fasthttp.Server{Handler: handlers[o.Work.Name], TLSConfig: o.TLS}
	context.AfterFunc(ctx, func() { ln.Close() })
	if o.TLS != nil {
		err = srv.ServeTLS(ln, "", "")
	} else {
		err = srv.Serve(ln)
	}
	return err
}

// handlers do what the works' do. fasthttp has no router, so a handler looks at the path by itself.
var handlers = map[string]fasthttp.RequestHandler{
	"text":  func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString(httpbench.Hello) },
	"json":  servePage,
	"sleep": serveSlow,
	"half": func(ctx *fasthttp.RequestCtx) {
		switch string(ctx.Path()) {
		case httpbench.QuickPath:
			ctx.SetBodyString(httpbench.Quick)
		case httpbench.SlowPath:
			serveSlow(ctx)
		default:
			ctx.NotFound()
		}
	},
}

func serveSlow(ctx *fasthttp.RequestCtx) {
	time.Sleep(httpbench.Sleep)
	ctx.SetBodyString(httpbench.Slow)
}

func servePage(ctx *fasthttp.RequestCtx) {
	id, ok := strings.CutPrefix(string(ctx.Path()), httpbench.PagesPath)
	if !ok || !ctx.IsGet() || strings.Contains(id, "/") {
		ctx.NotFound()
		return
	}
	ctx.SetContentType("application/json")
	_ = json.NewEncoder(ctx).Encode(httpbench.NewPage(id))
}
