package main

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/uvgo/uvgo/examples/web/internal/webtest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestCurlGreets(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	url := "http://" + p.Expect(`^listening on (.*)`)
	webtest.Want(t, "POST", url+greetProcedure, `"gopher"`, 200, `"hello, gopher"`)
	webtest.Want(t, "POST", url+greetProcedure, `""`, 400, "a name is missing")
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

// TestClientsOverBothVersions: Connect over HTTP/1.1 and HTTP/2, and gRPC, which takes HTTP/2.
func TestClientsOverBothVersions(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	url := "http://" + p.Expect(`^listening on (.*)`)
	for _, tt := range []struct {
		name    string
		http2   bool
		options []connect.ClientOption
	}{
		{"connect, HTTP/1.1", false, nil},
		{"connect, HTTP/2", true, nil},
		{"gRPC, HTTP/2", true, []connect.ClientOption{connect.WithGRPC()}},
		{"gRPC-Web, HTTP/1.1", false, []connect.ClientOption{connect.WithGRPCWeb()}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			transport := &http.Transport{Protocols: new(http.Protocols)}
			transport.Protocols.SetHTTP1(!tt.http2)
			transport.Protocols.SetUnencryptedHTTP2(tt.http2)
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			greeter := connect.NewClient[wrapperspb.StringValue, wrapperspb.StringValue](client, url+greetProcedure, tt.options...)
			resp, err := greeter.CallUnary(t.Context(), connect.NewRequest(wrapperspb.String("gopher")))
			if err != nil || resp.Msg.Value != "hello, gopher" {
				t.Fatalf("%v, %v", resp, err)
			}
			_, err = greeter.CallUnary(t.Context(), connect.NewRequest(wrapperspb.String("")))
			if connect.CodeOf(err) != connect.CodeInvalidArgument {
				t.Errorf("without a name: %v", err)
			}
			counter := connect.NewClient[wrapperspb.Int32Value, wrapperspb.Int32Value](client, url+countProcedure, tt.options...)
			stream, err := counter.CallServerStream(t.Context(), connect.NewRequest(wrapperspb.Int32(1000)))
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			n := int32(0)
			for stream.Receive() {
				if n++; stream.Msg().Value != n {
					t.Fatalf("%d came behind %d", stream.Msg().Value, n-1)
				}
			}
			if err := stream.Err(); err != nil || n != 1000 {
				t.Errorf("%d numbers, %v", n, err)
			}
		})
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}
