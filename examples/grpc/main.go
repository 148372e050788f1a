// Grpc is a gRPC server on libuv. It differs in one line from a server on package net,
// and answers gRPC's health checks. It is a module of its own, so run it from its
// directory. Try it:
//
//	cd examples/grpc
//	go run . & # when it says listening:
//	go run . -check
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	pb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/uvgo/uvgo/uvnet"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9090", "`address` to listen on; port 0 takes any")
	ask := flag.Bool("check", false, "ask the server at the address instead")
	flag.Parse()
	run := serve
	if *ask {
		run = check
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr); err != nil {
		log.Fatal(err)
	}
}

// serve answers calls until ctx ends, and then finishes those under way.
func serve(ctx context.Context, addr string) error {
	ln, err := uvnet.Listen("tcp", addr) // on package net: net.Listen
	if err != nil {
		return err
	}
	fmt.Println("listening on", ln.Addr())

	srv := grpc.NewServer()
	state := health.NewServer() // your service goes here, too
	pb.RegisterHealthServer(srv, state)
	go func() {
		<-ctx.Done()
		state.Shutdown() // tells clients that watch the health
		srv.GracefulStop()
	}()
	return srv.Serve(ln)
}

// check asks a server for its health. A client also differs in one line, which says how
// to dial.
func check(ctx context.Context, addr string) error {
	conn, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithContextDialer(dial),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	resp, err := pb.NewHealthClient(conn).Check(ctx, &pb.HealthCheckRequest{})
	if err != nil {
		return err
	}
	fmt.Println(resp.Status)
	return nil
}

func dial(ctx context.Context, addr string) (net.Conn, error) {
	return uvnet.DialContext(ctx, "tcp", addr)
}
