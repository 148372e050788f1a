package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/examples/web/internal/webtest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// A stream is the client's side of one.
type stream struct {
	conn net.Conn
	body *bufio.Reader
}

// open opens a stream and reads the welcome.
func open(t *testing.T, url string) stream {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprint(c, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil) //nolint:bodyclose // the connection is closed at the end
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("type %q", got)
	}
	s := stream{c, bufio.NewReader(resp.Body)}
	s.want(t, ": welcome")
	return s
}

// want reads an event.
func (s stream) want(t *testing.T, lines ...string) {
	t.Helper()
	for _, want := range append(lines, "") {
		got, err := s.body.ReadString('\n')
		if err != nil || got != want+"\n" {
			t.Fatalf("%q came, %v; want %q", got, err, want)
		}
	}
}

func TestEventsReachAllStreams(t *testing.T) {
	uvtest.Watchdog(t, 2*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	url := "http://" + p.Expect(`^listening on (.*)`)
	const n = 300
	var streams []stream
	for range n {
		streams = append(streams, open(t, url))
	}
	webtest.Want(t, "POST", url+"/publish", "hello,\nall", 200, fmt.Sprintf("sent to %d streams\n", n))
	for _, s := range streams {
		s.want(t, "data: hello,", "data: all")
	}
	streams[0].conn.Close()
	uvtest.Eventually(t, "the server notes that a client has gone", func() bool {
		resp, err := http.Post(url+"/publish", "text/plain", strings.NewReader("more"))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		defer http.DefaultClient.CloseIdleConnections()
		body, err := io.ReadAll(resp.Body)
		return err == nil && string(body) == fmt.Sprintf("sent to %d streams\n", n-1)
	})
	p.Signal(syscall.SIGTERM) // which ends the streams
	for _, s := range streams[1:] {
		if _, err := io.Copy(io.Discard, s.body); err != nil {
			t.Fatalf("a stream ended by %v", err)
		}
	}
	p.Wait(0)
}
