// Command echo-nbio is the echo server of github.com/lesismal/nbio with the configuration of its README, but for one
// poller. Its handler runs in the poller. Write copies only what the kernel does not take, so the README's copy of
// each chunk is left out.
package main

import (
	"context"
	"net"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"

	"github.com/uvgo/uvgo/bench/internal/echo"
)

func main() { echo.Main(serve) }

func serve(ctx context.Context, o echo.Options) error {
	if o.TLS != nil {
		return echo.ErrNetwork
	}
	logging.SetLevel(logging.LevelError) // its standard output is ours
	network := o.Network
	if network != "unix" {
		network = network[:3] // the names that nbio knows
	}
	var addr net.Addr
	engine := nbio.NewEngine(nbio.Config{
		Network:            network,
		Addrs:              []string{o.Addr},
		NPoller:            1,
		MaxWriteBufferSize: 6 << 20,
		Listen: func(network, address string) (net.Listener, error) {
			ln, err := net.Listen(network, address)
			if err == nil {
				addr = ln.Addr()
			}
			return ln, err
		},
		ListenUDP: func(network string, laddr *net.UDPAddr) (*net.UDPConn, error) {
			c, err := net.ListenUDP(network, laddr)
			if err == nil {
				addr = c.LocalAddr()
			}
			return c, err
		},
	})
	engine.OnData(func(c *nbio.Conn, p []byte) { _, _ = c.Write(p) })
	if err := engine.Start(); err != nil {
		return err
	}
	echo.Listening(addr)
	<-ctx.Done()
	engine.Stop()
	return nil
}
