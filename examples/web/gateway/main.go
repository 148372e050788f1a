// Gateway translates JSON over HTTP into gRPC by grpc-gateway. Both run on libuv: the gRPC service on uvnet, and the
// gateway on uvhttp. The service is gRPC's own health check, and its route is written by hand, so that the example needs no
// generated code. In your program protoc-gen-grpc-gateway writes such routes. Try it:
//
//	cd examples/web
//	go run ./gateway & # when it says listening:
//	curl http://127.0.0.1:8080/v1/health/db
//	curl http://127.0.0.1:8080/healthz
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	pb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/uvgo/uvgo/examples/web/internal/serve"
	"github.com/uvgo/uvgo/uvhttp"
	"github.com/uvgo/uvgo/uvnet"
)

func main() {
	backend, addr, err := startBackend()
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Stop()
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return uvnet.DialContext(ctx, "tcp", addr) }))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	handler, err := gateway(pb.NewHealthClient(conn))
	if err != nil {
		log.Fatal(err)
	}
	serve.Main(&uvhttp.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second})
}

// startBackend starts the gRPC service on a free port.
func startBackend() (*grpc.Server, string, error) {
	ln, err := uvnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	srv := grpc.NewServer()
	state := health.NewServer()
	state.SetServingStatus("db", pb.HealthCheckResponse_SERVING)
	pb.RegisterHealthServer(srv, state)
	go srv.Serve(ln)
	return srv, ln.Addr().String(), nil
}

// gateway makes the routes.
func gateway(client pb.HealthClient) (http.Handler, error) {
	mux := runtime.NewServeMux(runtime.WithHealthEndpointAt(client, "/healthz"))
	err := mux.HandlePath(http.MethodGet, "/v1/health/{service}", func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		_, out := runtime.MarshalerForRequest(mux, r)
		ctx, err := runtime.AnnotateContext(r.Context(), mux, r, pb.Health_Check_FullMethodName)
		if err != nil {
			runtime.HTTPError(r.Context(), mux, out, w, r, err)
			return
		}
		var meta runtime.ServerMetadata
		resp, err := client.Check(ctx, &pb.HealthCheckRequest{Service: params["service"]}, grpc.Header(&meta.HeaderMD), grpc.Trailer(&meta.TrailerMD))
		ctx = runtime.NewServerMetadataContext(ctx, meta)
		if err != nil {
			runtime.HTTPError(ctx, mux, out, w, r, err)
			return
		}
		runtime.ForwardResponseMessage(ctx, mux, out, w, r, resp)
	})
	return mux, err
}
