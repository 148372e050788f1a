// Udp-responder tells everybody who sends it a datagram from which address the datagram came: what
// a program behind a router wants to know. All processors answer. Try it:
//
//	go run ./examples/udp-responder udp://127.0.0.1:3478
//	echo | nc -u -w1 127.0.0.1 3478
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"github.com/uvgo/uvgo/server"
)

// A responder answers datagrams.
type responder struct{}

// Packet is called on the loop that the datagram has come to. p is borrowed, and so is what
// WriteTo gets: both are free again when the call returns. An answer is dropped if the kernel
// does not take it, like any datagram.
func (responder) Packet(c *server.PacketConn, p []byte, from netip.AddrPort) {
	var answer [64]byte
	text := append(from.AppendTo(answer[:0]), '\n')
	_ = c.WriteTo(text, from)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: udp-responder ADDRESS")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &server.Server{PacketHandler: responder{}}
	if err := s.Listen(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	fmt.Println("answering on", s.Addrs()[0])
	if err := s.Serve(ctx); !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}
