package h1

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/smuggling"
)

// answer is all that net/http's server writes to a client that sends bytes and closes its side.
func answer(t *testing.T, addr net.Addr, bytes string) string {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr.String(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, bytes); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAnswersAreThoseOfNetHTTP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ErrorLog: log.New(io.Discard, "", 0), MaxHeaderBytes: 4096, Handler: http.NotFoundHandler()}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	defer func() {
		srv.Close()
		<-served
	}()
	var p Parser
	seen := make(map[*Error]bool)
	check := func(head string) {
		t.Helper()
		_, err := parse(&p, 8192, head)
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%q: %v", head, err)
		}
		seen[e] = true
		if slices.Contains(stricter, e) {
			return // net/http has read on, and may give another reason
		}
		if want := answer(t, l.Addr(), head); e.Answer() != want {
			t.Errorf("%q: %v is answered with %q, by net/http with %q", head, e, e.Answer(), want)
		}
	}
	for _, r := range smuggling.Requests() {
		if !r.InBody && !r.Stricter {
			check(r.Bytes)
		}
	}
	check("GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 8192-len("GET / HTTP/1.1\r\nHost: a\r\nX: ")))
	for _, e := range []*Error{errTooLarge, errLength, errCoding, errUnsupported, errNoHost, errHost, errSpaceInName} {
		if !seen[e] {
			t.Errorf("no request for %v", e)
		}
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	for e, want := range map[*Error]string{
		errFold:   "http: 400 Bad Request: a folded field",
		errCoding: "http: 501 Not Implemented: a transfer coding other than chunked",
		errNoHost: "http: 400 Bad Request: missing required Host header",
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e, want)
		}
	}
}
