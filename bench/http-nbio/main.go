// Command http-nbio serves a work of bench-http on nbio, with the configuration that its README shows.
package main

import (
	"context"
	"errors"
	"net"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"

	"github.com/uvgo/uvgo/bench/internal/httpbench"
)

func main() { httpbench.Main(serve) }

func serve(ctx context.Context, o httpbench.Options) error {
	if o.TLS != nil {
		return errors.New("nbio has a crypto/tls of its own, which is not compared")
	}
	logging.SetLevel(logging.LevelError) // its standard output is ours
	var addr net.Addr
	engine := nbhttp.NewEngine(nbhttp.Config{
		Network: "tcp4",
		Addrs:   []string{o.Addr},
		MaxLoad: 1_000_000,
		Handler: o.Work.Handler,
		Listen: func(network, address string) (net.Listener, error) {
			ln, err := net.Listen(network, address)
			if err == nil {
				addr = ln.Addr()
			}
			return ln, err
		},
	})
	if err := engine.Start(); err != nil {
		return err
	}
	if err := httpbench.Listening(addr); err != nil {
		return err
	}
	<-ctx.Done()
	engine.Stop()
	return nil
}
