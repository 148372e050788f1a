// Command http-hertz serves a work of bench-http on hertz with its defaults: netpoll below, and package net with TLS. It
// has handlers and a router of its own, which do the same work.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/config"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/hertz/pkg/network/standard"
	"github.com/cloudwego/netpoll"

	"github.com/uvgo/uvgo/bench/internal/httpbench"
)

func main() { httpbench.Main(serve) }

func serve(ctx context.Context, o httpbench.Options) error {
	hlog.SetLevel(hlog.LevelError)
	options := []config.Option{server.WithDisablePrintRoute(true)}
	ln, err := net.Listen("tcp4", o.Addr)
	if err != nil {
		return err
	}
	addr := ln.Addr()
	if o.TLS != nil {
		options = append(options, server.WithTransport(standard.NewTransporter), server.WithTLS(o.TLS))
	} else if ln, err = netpoll.ConvertListener(ln); err != nil {
		return err
	}
	h := server.New(append(options, server.WithListener(ln))...)
	switch o.Work.Name {
	case "text":
		h.GET(httpbench.TextPath, func(_ context.Context, c *app.RequestContext) { c.SetBodyString(httpbench.Hello) })
	case "json":
		h.GET(httpbench.PagesPath+":id", servePage)
	default:
		return errors.New("http-hertz does the works text and json")
	}
	if err := httpbench.Listening(addr); err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { os.Exit(0) }) // its Shutdown would wait for connections that idle
	return h.Run()
}

func servePage(_ context.Context, c *app.RequestContext) {
	c.SetContentType("application/json")
	_ = json.NewEncoder(c).Encode(httpbench.NewPage(c.Param("id")))
}
