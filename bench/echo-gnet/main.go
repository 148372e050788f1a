// Command echo-gnet is the echo server of github.com/panjf2000/gnet: one event
// loop whose handler runs in the poller itself.
package main

import (
	"context"
	"log"
	"net"

	"github.com/panjf2000/gnet/v2"

	"github.com/uvgo/uvgo/bench/internal/echo"
)

// server writes back whatever has arrived.
type server struct {
	gnet.BuiltinEventEngine
	ctx  context.Context
	addr net.Addr
}

// OnBoot runs when the listener is open.
func (s *server) OnBoot(e gnet.Engine) gnet.Action {
	echo.Listening(s.addr)
	context.AfterFunc(s.ctx, func() {
		if err := e.Stop(context.Background()); err != nil {
			log.Fatal(err)
		}
	})
	return gnet.None
}

// OnTraffic echoes one chunk; p is gnet's own read buffer, so nothing is
// copied unless the kernel does not take it all.
func (s *server) OnTraffic(c gnet.Conn) gnet.Action {
	p, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := c.Write(p); err != nil {
		return gnet.Close
	}
	return gnet.None
}

// quiet is a logger for errors only; gnet's own writes to stdout.
type quiet struct{}

func (quiet) Debugf(string, ...any)             {}
func (quiet) Infof(string, ...any)              {}
func (quiet) Warnf(string, ...any)              {}
func (quiet) Errorf(format string, args ...any) { log.Printf(format, args...) }
func (quiet) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }

func main() { echo.Main(serve) }

func serve(ctx context.Context, o echo.Options) error {
	if o.TLS != nil {
		return echo.ErrNetwork
	}
	addr, err := realAddr(o)
	if err != nil {
		return err
	}
	o.Addr = addr.String()
	return gnet.Run(&server{ctx: ctx, addr: addr}, o.URL(), gnet.WithNumEventLoop(1),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay), gnet.WithLogger(quiet{}))
}

// realAddr replaces port 0, which gnet does not report, with a free port.
func realAddr(o echo.Options) (net.Addr, error) {
	switch o.Network {
	case "unix":
		return &net.UnixAddr{Net: "unix", Name: o.Addr}, nil
	case "udp4":
		c, err := net.ListenPacket(o.Network, o.Addr)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		return c.LocalAddr(), nil
	}
	ln, err := net.Listen(o.Network, o.Addr)
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	return ln.Addr(), nil
}
