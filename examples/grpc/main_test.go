package main

import (
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// TestHealth asks the server with the example's client, and watches it with a client on
// package net until the server reports its end.
func TestHealth(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr := p.Expect(`^listening on (.*)`)
	c := uvtest.Start(t, "main", "-check", "-addr", addr)
	if got := c.Wait(0); got != "SERVING\n" {
		t.Errorf("the client says %q", got)
	}

	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	watch, err := pb.NewHealthClient(conn).Watch(t.Context(), &pb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want pb.HealthCheckResponse_ServingStatus) {
		t.Helper()
		resp, err := watch.Recv()
		if err != nil || resp.Status != want {
			t.Fatalf("%v, %v; want %v", resp, err, want)
		}
	}
	expect(pb.HealthCheckResponse_SERVING)
	p.Signal(syscall.SIGTERM)
	expect(pb.HealthCheckResponse_NOT_SERVING)
	conn.Close() // GracefulStop waits for clients that watch
	p.Wait(0)
}

func TestNobodyListens(t *testing.T) {
	uvtest.Start(t, "main", "-addr", "nowhere:-1").Wait(1)
}
