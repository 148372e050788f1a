package main

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	pb "google.golang.org/grpc/health/grpc_health_v1"
)

// serveGRPC answers health checks: the smallest unary call that gRPC brings.
func serveGRPC(ln net.Listener) error {
	srv := grpc.NewServer()
	pb.RegisterHealthServer(srv, health.NewServer())
	return srv.Serve(ln)
}

// call makes unary calls, as many at once as there are connections to be, all
// on one connection as gRPC has it.
func call(ctx context.Context, s stack, addr string, o options) (result, error) {
	conn, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return s.dial(ctx, "tcp4", addr) }))
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	client := pb.NewHealthClient(conn)
	return closedLoop(ctx, o, func(ctx context.Context, _ int) error {
		_, err := client.Check(ctx, &pb.HealthCheckRequest{})
		return err
	})
}
