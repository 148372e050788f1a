// Command echo-netpoll is the echo server of github.com/cloudwego/netpoll: one
// poller, and a handler that takes what has arrived without a copy, writes it
// (netpoll itself sends slices above 4 KiB in place) and flushes.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/cloudwego/netpoll"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("echo-netpoll: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: echo-netpoll HOST:PORT")
	}
	if err := netpoll.Configure(netpoll.Config{PollerNum: 1}); err != nil {
		log.Fatal(err)
	}
	ln, err := netpoll.CreateListener("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	loop, err := netpoll.NewEventLoop(echo)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", ln.Addr())

	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		<-term
		os.Exit(0) // its Shutdown would wait for connections that idle
	}()
	if err := loop.Serve(ln); err != nil {
		log.Fatal(err)
	}
}

// echo runs whenever a connection has something to read. TCP_NODELAY is netpoll's
// default. Flush returns when the kernel has taken everything, so that the input may be
// released after it.
func echo(_ context.Context, c netpoll.Connection) error {
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
