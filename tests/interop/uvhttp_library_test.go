package interop

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// TestUvhttpReverseProxy: a ReverseProxy on uvhttp asks uvhttp, over package net's and uvnet's connections, with each
// version of HTTP on either side.
func TestUvhttpReverseProxy(t *testing.T) {
	n := size(2<<20, 1<<20)
	_, crc, err := sum(newContent(n))
	uvtest.Check(t, err)
	for _, back := range []bool{false, true} {
		for _, front := range []bool{false, true} {
			for _, dial := range []stack{ofNet, ofUvnet} {
				t.Run(fmt.Sprintf("tls=%v,behind=%v,dial=%s", front, back, dial.name), func(t *testing.T) {
					dir, data := contentFile(t, 1<<20)
					mux, left := clientsMux(t, dir)
					mux.Handle("/bulk", bulkHandler(n))
					backend := openUvhttp(t, back, mux)
					tr := &http.Transport{DialContext: dial.dial, MaxIdleConnsPerHost: 100, TLSClientConfig: backend.clientTLS(), ForceAttemptHTTP2: true}
					s := openUvhttp(t, front, reverse(t, backend.URL, tr))
					var all sync.WaitGroup
					for range 8 {
						all.Go(func() {
							err := s.post(s.request(t, "POST", "/bulk", newContent(n)), n, crc)
							if err == nil {
								err = s.get(s.request(t, "GET", "/bulk", nil), n, crc)
							}
							if err != nil {
								t.Error(err)
							}
						})
					}
					all.Wait()
					part := s.request(t, "GET", "/file", nil)
					part.Header.Set("Range", "bytes=1000-1999")
					if resp, got := s.body(t, part); resp.StatusCode != http.StatusPartialContent || got != string(data[1000:2000]) {
						t.Errorf("range: %s, %d bytes", resp.Status, len(got))
					}
					resp, err := s.client.Do(s.request(t, "GET", "/held", nil))
					uvtest.Check(t, err)
					if line, err := bufio.NewReader(resp.Body).ReadString('\n'); line != "begun\n" || err != nil {
						t.Errorf("%q, %v", line, err)
					}
					resp.Body.Close()
					await(t, "the end of the request", left)
					tr.CloseIdleConnections()
					backend.close(t)
					if resp, _ := s.body(t, s.request(t, "GET", "/", nil)); resp.StatusCode != http.StatusBadGateway {
						t.Errorf("without a backend: %s", resp.Status)
					}
				})
			}
		}
	}
}

// TestUvhttpReverseProxyWebSocket: a WebSocket goes through a ReverseProxy where both are on uvhttp.
func TestUvhttpReverseProxyWebSocket(t *testing.T) {
	backend := openUvhttp(t, false, sockets(t))
	s := openUvhttp(t, false, reverse(t, backend.URL, &http.Transport{DialContext: uvnet.DialContext}))
	testWebSocket(t, s.site)
}

// TestUvhttpFiles: FileServer and ServeContent, whole, in parts, and by condition, over each version of HTTP.
func TestUvhttpFiles(t *testing.T) {
	dir, data := contentFile(t, 5<<20)
	mux, _ := clientsMux(t, dir)
	mux.HandleFunc("/content", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"1"`)
		http.ServeContent(w, r, "content.bin", time.Now().Add(-time.Hour), strings.NewReader(string(data)))
	})
	for _, secured := range []bool{false, true} {
		s := openUvhttp(t, secured, mux)
		for _, path := range []string{"/file", "/content"} {
			_, got := s.body(t, s.request(t, "GET", path, nil))
			same(t, path, []byte(got), data)
			for _, at := range []int{0, 1, len(data) / 3, len(data) - 1000} {
				req := s.request(t, "GET", path, nil)
				req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", at, at+999))
				if resp, got := s.body(t, req); resp.StatusCode != http.StatusPartialContent || got != string(data[at:at+1000]) {
					t.Errorf("%s at %d: %s, %d bytes", path, at, resp.Status, len(got))
				}
			}
			resp, got := s.body(t, s.request(t, "HEAD", path, nil))
			if got != "" || resp.ContentLength != int64(len(data)) {
				t.Errorf("HEAD %s: %d bytes, of %d", path, len(got), resp.ContentLength)
			}
			req := s.request(t, "GET", path, nil)
			req.Header.Set("If-Modified-Since", resp.Header.Get("Last-Modified"))
			if resp, got := s.body(t, req); resp.StatusCode != http.StatusNotModified || got != "" {
				t.Errorf("%s that has not changed: %s, %d bytes", path, resp.Status, len(got))
			}
		}
		if _, listing := s.body(t, s.request(t, "GET", "/", nil)); !strings.Contains(listing, `<a href="file">file</a>`) {
			t.Errorf("listing: %q", listing)
		}
	}
}

// TestUvhttpGRPC: gRPC's own interop cases, with its server as the handler of HTTP/2.
func TestUvhttpGRPC(t *testing.T) {
	for _, secured := range []bool{false, true} {
		rpc := grpc.NewServer()
		pb.RegisterTestServiceServer(rpc, interop.NewTestServer())
		s := openUvhttp(t, secured, rpc)
		creds := insecure.NewCredentials()
		if secured {
			creds = credentials.NewTLS(s.clientTLS())
		}
		conn, err := grpc.NewClient("passthrough:///"+s.addr(), grpc.WithTransportCredentials(creds),
			grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return ofNet.dial(ctx, "tcp", addr) }))
		uvtest.Check(t, err)
		c := pb.NewTestServiceClient(conn)
		for _, tt := range grpcCases {
			t.Run(fmt.Sprintf("tls=%v/%s", secured, tt.name), func(t *testing.T) { tt.run(t.Context(), c) })
		}
		uvtest.Check(t, conn.Close())
		if s.seen("HTTP/2.0") == 0 {
			t.Error("nothing came by uvhttp")
		}
	}
}
