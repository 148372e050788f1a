package smuggling

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// seen is what net/http's server made of a connection's bytes.
type seen struct {
	status int // of the first answer
	paths  []string
	bodies []string
	err    error // of the first body
}

// serve sends bytes to net/http's server and closes the client's side.
func serve(t *testing.T, bytes string) (s seen) {
	t.Helper()
	var mu sync.Mutex
	srv := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			if len(s.paths) == 0 {
				s.err = err
			}
			s.paths, s.bodies = append(s.paths, r.URL.Path), append(s.bodies, string(b))
		}),
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	defer func() {
		srv.Close()
		<-served
	}()
	c, err := net.DialTimeout("tcp", l.Addr().String(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, bytes)
	c.(*net.TCPConn).CloseWrite()
	r := bufio.NewReader(c)
	if resp, err := http.ReadResponse(r, nil); err == nil {
		s.status = resp.StatusCode
		resp.Body.Close()
	}
	io.Copy(io.Discard, r)
	mu.Lock()
	defer mu.Unlock()
	return s
}

func TestNetHTTPRefusesButWhatIsMarked(t *testing.T) {
	for _, r := range Requests() {
		s := serve(t, r.Bytes)
		got, want := s.status, r.Status
		if r.InBody {
			got, want = 0, 1 // whether the body is refused
			if s.err != nil && !errors.Is(s.err, io.ErrUnexpectedEOF) {
				got = 1
			}
		}
		switch {
		case !r.Stricter && got != want:
			t.Errorf("%s: %s: %d, want %d; paths %q, %v: %q", r.Class, r.Name, got, want, s.paths, s.err, r.Bytes)
		case r.Stricter && got == want:
			t.Errorf("%s: %s: net/http refuses it, too: %q", r.Class, r.Name, r.Bytes)
		}
	}
}

func TestNetHTTPAcceptsTheAcceptable(t *testing.T) {
	for _, a := range Acceptable() {
		s := serve(t, a.Bytes)
		if s.err != nil || strings.Join(s.paths, " ") != strings.Join(a.Paths, " ") || strings.Join(s.bodies, "|") != strings.Join(a.Bodies, "|") {
			t.Errorf("%s: paths %q, bodies %q, %v", a.Name, s.paths, s.bodies, s.err)
		}
	}
}

func TestTheTableIsOrderly(t *testing.T) {
	if len(next) != 35 {
		t.Errorf("the hidden request has %d bytes", len(next))
	}
	names, classes := make(map[string]bool), make(map[string]int)
	for _, r := range Requests() {
		if names[r.Name] || r.Class == "" {
			t.Errorf("%q: the name exists already, or no class", r.Name)
		}
		names[r.Name] = true
		classes[r.Class]++
	}
	for _, a := range Acceptable() {
		if names[a.Name] || len(a.Paths) != len(a.Bodies) && a.Name != "" {
			t.Errorf("%q: the name exists already, or paths without bodies", a.Name)
		}
		names[a.Name] = true
	}
	t.Log(len(Requests()), "requests", classes)
}
