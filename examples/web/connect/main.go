// Connect serves an RPC by connect-go over HTTP/1.1 and HTTP/2: to clients of Connect, gRPC and gRPC-Web, and to curl. Its
// messages are protobuf's well-known ones, so that it needs no generated code. In your program
// protoc-gen-connect-go writes what greeter returns here. Try it:
//
//	cd examples/web
//	go run ./connect & # when it says listening:
//	curl -H 'Content-Type: application/json' -d '"gopher"' http://127.0.0.1:8080/greet.v1.GreetService/Greet
package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/uvgo/uvgo/examples/web/internal/serve"
	"github.com/uvgo/uvgo/uvhttp"
)

const (
	greetProcedure = "/greet.v1.GreetService/Greet"
	countProcedure = "/greet.v1.GreetService/Count"
)

func main() {
	// HTTP/2 without TLS, which gRPC clients speak on such an address, needs no setting.
	serve.Main(&uvhttp.Server{Handler: greeter(), ReadHeaderTimeout: 10 * time.Second})
}

func greeter() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(greetProcedure, connect.NewUnaryHandler(greetProcedure, greet))
	mux.Handle(countProcedure, connect.NewServerStreamHandler(countProcedure, count))
	return mux
}

func greet(_ context.Context, req *connect.Request[wrapperspb.StringValue]) (*connect.Response[wrapperspb.StringValue], error) {
	if req.Msg.Value == "" {
		return nil, connect.NewError(connect.CodeInvalidArgument, errors.New("a name is missing"))
	}
	return connect.NewResponse(wrapperspb.String("hello, " + req.Msg.Value)), nil
}

// count streams the numbers up to the request's.
func count(ctx context.Context, req *connect.Request[wrapperspb.Int32Value], out *connect.ServerStream[wrapperspb.Int32Value]) error {
	for i := range req.Msg.Value {
		if err := ctx.Err(); err != nil { // the client has gone
			return err
		}
		if err := out.Send(wrapperspb.Int32(i + 1)); err != nil {
			return err
		}
	}
	return nil
}
