// Command echo-uvgo is the echo server of package server with one loop and an
// ordinary handler; nothing in it is set for the benchmark.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/uvgo/uvgo/server"
)

// echo is the handler.
type echo struct{}

func (echo) Open(*server.Conn)         {}
func (echo) Close(*server.Conn, error) {}

// Data echoes one chunk; an error reaches Close by itself.
func (echo) Data(c *server.Conn, p []byte) { _, _ = c.Write(p) }

func main() {
	log.SetFlags(0)
	log.SetPrefix("echo-uvgo: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: echo-uvgo HOST:PORT")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	srv := &server.Server{Handler: echo{}, Loops: 1}
	if err := srv.Listen("tcp://" + os.Args[1]); err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", srv.Addrs()[0])
	go printOnSignal(srv)
	if err := srv.Serve(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
	printStats(srv)
}

// printOnSignal prints the statistics at every SIGUSR1.
func printOnSignal(srv *server.Server) {
	usr1 := make(chan os.Signal, 1)
	signal.Notify(usr1, syscall.SIGUSR1)
	for range usr1 {
		printStats(srv)
	}
}
