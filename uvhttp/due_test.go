package uvhttp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestTimeouts: each ends what it is for, and a connection that is active stays.
func TestTimeouts(t *testing.T) {
	const short = 150 * time.Millisecond
	readErr := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/read" {
			_, err := io.ReadAll(r.Body)
			readErr <- err
		}
		io.WriteString(w, "x")
	})
	for name, c := range map[string]struct {
		server *Server
		send   []string // each behind an answer to the one before
		answer bool     // to the last
	}{
		"head, silent":         {&Server{ReadHeaderTimeout: short}, nil, false},
		"head, in part":        {&Server{ReadHeaderTimeout: short}, []string{"GET / HTTP/1.1\r\nHo"}, false},
		"head, the second":     {&Server{ReadHeaderTimeout: short}, []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n"}, false},
		"head by ReadTimeout":  {&Server{ReadTimeout: short}, []string{"GET / HTTP/1.1\r\n"}, false},
		"body":                 {&Server{ReadTimeout: short}, []string{"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"}, true},
		"idle":                 {&Server{IdleTimeout: short}, []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"}, true},
		"idle by ReadTimeout":  {&Server{ReadTimeout: short}, []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"}, true},
		"idle, before another": {&Server{IdleTimeout: short, ReadHeaderTimeout: time.Hour}, []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Server{
				ReadHeaderTimeout: c.server.ReadHeaderTimeout, ReadTimeout: c.server.ReadTimeout, IdleTimeout: c.server.IdleTimeout,
				Handler: handler, Loops: 1,
			}
			nc, err := net.Dial("tcp", start(t, s))
			uvtest.Check(t, err)
			defer nc.Close()
			in := bufio.NewReader(nc)
			for i, p := range c.send {
				_, err := nc.Write([]byte(p))
				uvtest.Check(t, err)
				if i < len(c.send)-1 || c.answer {
					r, err := http.ReadResponse(in, nil)
					uvtest.Check(t, err)
					_, err = io.ReadAll(r.Body)
					uvtest.Check(t, err)
					uvtest.Check(t, r.Body.Close())
				}
			}
			if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
				t.Errorf("%q, %v, want the end", rest, err)
			}
		})
	}
	if err := <-readErr; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading the body: %v", err)
	}
}

// TestDeadlinesOfAHandler: they end what waits, and can be taken back.
func TestDeadlinesOfAHandler(t *testing.T) {
	modes(t, func(t *testing.T, s *Server) {
		result := make(chan error, 1)
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			switch r.URL.Path {
			case "/read":
				uvtest.Expect(t, rc.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
				_, err := io.ReadAll(r.Body)
				result <- err
			case "/again":
				uvtest.Expect(t, rc.SetReadDeadline(time.Now().Add(-time.Second)))
				if _, err := r.Body.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("past: %v", err)
				}
				result <- nil
			case "/write":
				uvtest.Expect(t, rc.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
				var err error
				for err == nil {
					_, err = w.Write(make([]byte, 1<<20))
				}
				result <- err
			}
		})
		addr := start(t, s)
		for _, path := range []string{"/read", "/again", "/write"} {
			c, err := net.Dial("tcp", addr)
			uvtest.Check(t, err)
			_, err = c.Write([]byte("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"))
			uvtest.Check(t, err)
			if err := <-result; path != "/again" && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %v", path, err)
			}
			c.Close()
		}
	})
}

// TestRingLooksAtEachTime: connections are looked at in the order of their times, also those that are further ahead than the ring is long.
func TestRingLooksAtEachTime(t *testing.T) {
	s := &Server{Loops: 1, IdleTimeout: time.Hour, Handler: http.NotFoundHandler()}
	addr := start(t, s)
	c := client(t)
	w := onlyWorker(t, s, func() { get(t, c, "http://"+addr) })
	onLoop(t, w, func() bool {
		r := &w.ring
		if r.count != 1 || r.grain != 100*time.Millisecond {
			t.Errorf("%d connections at a grain of %v", r.count, r.grain)
		}
		var near, far conn
		near.w, far.w = w, w
		now := w.now()
		r.hang(&near, now+time.Second)
		r.hang(&far, now+24*time.Hour)
		if near.due.hung >= far.due.hung || far.due.hung > r.at+int64(len(r.buckets)) {
			t.Errorf("hung at %d and %d, the ring is at %d", near.due.hung, far.due.hung, r.at)
		}
		was := far.due.hung
		r.hang(&far, now+48*time.Hour) // later: it stays
		if far.due.hung != was {
			t.Errorf("moved from %d to %d", was, far.due.hung)
		}
		r.hang(&far, now) // earlier: it moves
		if far.due.hung != r.at+1 && far.due.hung > near.due.hung {
			t.Errorf("hung at %d, the ring is at %d", far.due.hung, r.at)
		}
		r.drop(&near)
		r.drop(&far)
		r.drop(&far)
		if r.count != 1 {
			t.Errorf("%d connections", r.count)
		}
		return true
	})
}
