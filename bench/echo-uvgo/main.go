// Command echo-uvgo is the echo server of package server with one loop and an
// ordinary handler; nothing in it is set for the benchmark.
package main

import (
	"context"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"github.com/uvgo/uvgo/bench/internal/echo"
	"github.com/uvgo/uvgo/server"
)

// echoer is the handler.
type echoer struct{}

func (echoer) Open(*server.Conn)         {}
func (echoer) Close(*server.Conn, error) {}

// Data echoes one chunk; an error reaches Close by itself.
func (echoer) Data(c *server.Conn, p []byte) { _, _ = c.Write(p) }

// Packet echoes one datagram.
func (echoer) Packet(c *server.PacketConn, p []byte, from netip.AddrPort) { _ = c.WriteTo(p, from) }

func main() { echo.Main(serve) }

func serve(ctx context.Context, o echo.Options) error {
	srv := &server.Server{Handler: echoer{}, PacketHandler: echoer{}, Loops: 1, TLSConfig: o.TLS}
	if err := srv.Listen(o.URL()); err != nil {
		return err
	}
	echo.Listening(srv.Addrs()[0])
	go printOnSignal(srv)
	if err := srv.Serve(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	printStats(srv)
	return nil
}

// printOnSignal prints the statistics at every SIGUSR2.
func printOnSignal(srv *server.Server) {
	usr2 := make(chan os.Signal, 1)
	signal.Notify(usr2, syscall.SIGUSR2)
	for range usr2 {
		printStats(srv)
	}
}
