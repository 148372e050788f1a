// Command echo-netpoll is the echo server of github.com/cloudwego/netpoll: one
// poller, and a handler that takes what has arrived without a copy, writes it
// (netpoll itself sends slices above 4 KiB in place) and flushes.
package main

import (
	"context"
	"io"
	"os"

	"github.com/cloudwego/netpoll"

	"github.com/uvgo/uvgo/bench/internal/echo"
)

func main() { echo.Main(serve) }

func serve(ctx context.Context, o echo.Options) error {
	if o.TLS != nil || o.Network == "udp4" {
		return echo.ErrNetwork
	}
	netpoll.SetLoggerOutput(io.Discard) // as hertz does: it logs each connection that a peer resets
	if err := netpoll.Configure(netpoll.Config{PollerNum: 1}); err != nil {
		return err
	}
	network := o.Network
	if network == "tcp4" {
		network = "tcp" // the name that netpoll knows
	}
	ln, err := netpoll.CreateListener(network, o.Addr)
	if err != nil {
		return err
	}
	loop, err := netpoll.NewEventLoop(reply)
	if err != nil {
		return err
	}
	echo.Listening(ln.Addr())
	context.AfterFunc(ctx, func() { os.Exit(0) }) // its Shutdown would wait for connections that idle
	return loop.Serve(ln)
}

// reply runs whenever a connection has something to read. TCP_NODELAY is netpoll's
// default. Flush returns when the kernel has taken everything, so that the input may be
// released after it.
func reply(_ context.Context, c netpoll.Connection) error {
	r, w := c.Reader(), c.Writer()
	p, err := r.Next(r.Len())
	if err != nil {
		return err
	}
	if _, err := w.WriteBinary(p); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return r.Release()
}
