package uvhttp

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestShutdownGraceAnswersAndSaysThatItEnds: requests that come on idle connections behind Shutdown are answered, and the answer says that
// the connection closes. Shutdown returns when they have ended.
func TestShutdownGraceAnswersAndSaysThatItEnds(t *testing.T) {
	s := &Server{Loops: 2, ShutdownGrace: time.Hour, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "yes") })}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	var conns []net.Conn
	ask := func(c net.Conn, ends bool) {
		t.Helper()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if body, err := io.ReadAll(answer.Body); string(body) != "yes" || err != nil || answer.Close != ends {
			t.Errorf("the answer is %q, %v, the connection ends: %v, want %v", body, err, answer.Close, ends)
		}
	}
	for range 4 {
		c, err := net.Dial("tcp", ln.Addr().String())
		uvtest.Check(t, err)
		defer c.Close()
		ask(c, false)
		conns = append(conns, c)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(context.Background()) }()
	uvtest.IsErr(t, "Serve", <-served, http.ErrServerClosed)
	for _, c := range conns {
		ask(c, true)
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("behind the answer comes %d, %v", n, err)
		}
		c.Close()
	}
	uvtest.Check(t, <-ended)
}
