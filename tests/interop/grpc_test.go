package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// hundredMB is the size of the largest message.
const hundredMB = 100 << 20

// A rpcServer echoes, and holds unary calls without a payload until they are
// cancelled or finished.
type rpcServer struct {
	pb.UnimplementedTestServiceServer
	entered chan context.Context
	finish  chan bool
}

func newRPCServer() *rpcServer {
	return &rpcServer{entered: make(chan context.Context, 1), finish: make(chan bool)}
}

func (s *rpcServer) UnaryCall(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	if in.Payload == nil {
		s.entered <- ctx
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.finish:
		}
	}
	return &pb.SimpleResponse{Payload: in.Payload}, nil
}

func (s *rpcServer) FullDuplexCall(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
	for {
		in, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&pb.StreamingOutputCallResponse{Payload: in.Payload}); err != nil {
			return err
		}
	}
}

// serveRPC serves on one stack and returns a client that dials with the other.
func serveRPC(t testing.TB, server, client stack, service pb.TestServiceServer, secured bool) (*grpc.Server, pb.TestServiceClient) {
	t.Helper()
	ln, err := server.listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	limit := grpc.MaxRecvMsgSize(hundredMB + 1<<10)
	serverCreds, clientCreds := insecure.NewCredentials(), insecure.NewCredentials()
	if secured {
		cert, pool := certified(t)
		serverCreds = credentials.NewServerTLSFromCert(&cert)
		clientCreds = credentials.NewClientTLSFromCert(pool, "localhost")
	}
	srv := grpc.NewServer(limit, grpc.Creds(serverCreds))
	pb.RegisterTestServiceServer(srv, service)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	conn, err := grpc.NewClient("passthrough:///"+ln.Addr().String(),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return client.dial(ctx, "tcp", addr) }),
		grpc.WithTransportCredentials(clientCreds),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(hundredMB+1<<10)))
	uvtest.Check(t, err)
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		srv.Stop()
		if err := await(t, "Serve", served); err != nil {
			t.Error(err)
		}
	})
	return srv, pb.NewTestServiceClient(conn)
}

// grpcCases are those of gRPC's own interop cases that need no server but its test server.
var grpcCases = []struct {
	name string
	run  func(context.Context, pb.TestServiceClient, ...grpc.CallOption)
}{
	{"empty_unary", interop.DoEmptyUnaryCall},
	{"large_unary", interop.DoLargeUnaryCall},
	{"client_streaming", interop.DoClientStreaming},
	{"server_streaming", interop.DoServerStreaming},
	{"ping_pong", interop.DoPingPong},
	{"empty_stream", interop.DoEmptyStream},
	{"timeout_on_sleeping_server", interop.DoTimeoutOnSleepingServer},
	{"cancel_after_begin", interop.DoCancelAfterBegin},
	{"cancel_after_first_response", interop.DoCancelAfterFirstResponse},
	{"custom_metadata", interop.DoCustomMetadata},
	{"status_code_and_message", interop.DoStatusCodeAndMessage},
	{"special_status_message", interop.DoSpecialStatusMessage},
}

// TestGRPCInterop runs gRPC's own interop cases. A failure of one ends the
// process, with a message.
func TestGRPCInterop(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		for _, secured := range []bool{false, true} {
			_, c := serveRPC(t, server, client, interop.NewTestServer(), secured)
			for _, tt := range grpcCases {
				t.Run(fmt.Sprintf("tls=%v/%s", secured, tt.name), func(t *testing.T) { tt.run(t.Context(), c) })
			}
		}
	})
}

// TestGRPCDeadline: a call that runs out of time ends at both ends.
func TestGRPCDeadline(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		s := newRPCServer()
		_, c := serveRPC(t, server, client, s, false)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := c.UnaryCall(ctx, &pb.SimpleRequest{}, grpc.WaitForReady(true))
		if status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("%v, want DeadlineExceeded", err)
		}
		select {
		case served := <-s.entered:
			if _, ok := served.Deadline(); !ok {
				t.Error("the server does not know the deadline")
			}
			await(t, "the end of the call at the server", served.Done())
		default: // too slow a machine for the call to have arrived
		}
	})
}

func TestGRPCCancel(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		s := newRPCServer()
		_, c := serveRPC(t, server, client, s, false)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := c.UnaryCall(ctx, &pb.SimpleRequest{})
			ended <- err
		}()
		served := await(t, "call", s.entered)
		cancel()
		if err := await(t, "the end of the call", ended); status.Code(err) != codes.Canceled {
			t.Errorf("%v, want Canceled", err)
		}
		await(t, "the end of the call at the server", served.Done())
		if !errors.Is(served.Err(), context.Canceled) {
			t.Error(served.Err())
		}
	})
}

// TestGRPCGracefulStop: a call under way is finished, a new one refused.
func TestGRPCGracefulStop(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		s := newRPCServer()
		srv, c := serveRPC(t, server, client, s, false)
		ended, stopped := make(chan error, 1), make(chan bool)
		go func() {
			_, err := c.UnaryCall(t.Context(), &pb.SimpleRequest{})
			ended <- err
		}()
		await(t, "call", s.entered)
		go func() {
			srv.GracefulStop()
			close(stopped)
		}()
		for { // until the server's farewell has arrived
			_, err := c.UnaryCall(t.Context(), &pb.SimpleRequest{Payload: &pb.Payload{}})
			if status.Code(err) == codes.Unavailable {
				break
			}
			uvtest.Check(t, err)
		}
		select {
		case <-stopped:
			t.Error("GracefulStop did not wait for the call")
		case err := <-ended:
			t.Errorf("the call ended early: %v", err)
		default:
		}
		close(s.finish)
		uvtest.Check(t, await(t, "the end of the call", ended))
		await(t, "GracefulStop", stopped)
	})
}

// TestGRPCHundredMB: one message, and a stream, of 100 MB comes back as it went.
func TestGRPCHundredMB(t *testing.T) {
	n := size(hundredMB, 16<<20)
	whole, err := io.ReadAll(newContent(n))
	uvtest.Check(t, err)
	crossed(t, func(t *testing.T, server, client stack) {
		_, c := serveRPC(t, server, client, newRPCServer(), false)
		t.Run("message", func(t *testing.T) {
			out, err := c.UnaryCall(t.Context(), &pb.SimpleRequest{Payload: &pb.Payload{Body: whole}})
			uvtest.Check(t, err)
			if !bytes.Equal(out.Payload.Body, whole) {
				t.Errorf("%d bytes came back, of %d, or others", len(out.Payload.Body), n)
			}
		})
		t.Run("stream", func(t *testing.T) {
			stream, err := c.FullDuplexCall(t.Context())
			uvtest.Check(t, err)
			sent := make(chan error, 1)
			go func() {
				for rest := whole; len(rest) > 0; {
					k := min(len(rest), 256<<10)
					if err := stream.Send(&pb.StreamingOutputCallRequest{Payload: &pb.Payload{Body: rest[:k]}}); err != nil {
						sent <- err
						return
					}
					rest = rest[k:]
				}
				sent <- stream.CloseSend()
			}()
			rest := whole
			for {
				in, err := stream.Recv()
				if err == io.EOF {
					break
				}
				uvtest.Check(t, err)
				body := in.Payload.Body
				if !bytes.HasPrefix(rest, body) {
					t.Fatalf("other bytes at %d", len(whole)-len(rest))
				}
				rest = rest[len(body):]
			}
			uvtest.Check(t, await(t, "sender", sent))
			if len(rest) > 0 {
				t.Errorf("%d bytes did not come back", len(rest))
			}
		})
	})
}

// TestGRPCConcurrent: many streams on one connection, each in lockstep.
func TestGRPCConcurrent(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		_, c := serveRPC(t, server, client, newRPCServer(), false)
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				for j := range 50 {
					body := fmt.Appendf(nil, "call %d.%d", i, j)
					out, err := c.UnaryCall(t.Context(), &pb.SimpleRequest{Payload: &pb.Payload{Body: body}})
					if err != nil || !bytes.Equal(out.Payload.Body, body) {
						t.Errorf("%q: %v, %v", body, out, err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}
