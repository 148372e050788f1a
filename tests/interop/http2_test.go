package interop

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
)

// TestHTTP2Streams: 1,000 streams are open at once on one connection, and each
// goes back and forth.
func TestHTTP2Streams(t *testing.T) {
	const streams = 1000
	crossed(t, func(t *testing.T, server, client stack) {
		var here sync.WaitGroup
		here.Add(streams)
		s := open(t, server, client, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/first" {
				return
			}
			if r.ProtoMajor != 2 {
				t.Error(r.Proto)
			}
			here.Done()
			here.Wait() // for all the others
			lines := bufio.NewScanner(r.Body)
			for lines.Scan() {
				fmt.Fprintf(w, "%s of %s\n", lines.Text(), r.URL.Path)
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
			}
		}), withHTTP2(streams+10))
		s.body(t, s.request(t, "GET", "/first", nil)) // the client learns how many streams there may be
		var all sync.WaitGroup
		for i := range streams {
			all.Go(func() {
				if err := converse(s, s.request(t, "POST", fmt.Sprint("/", i), nil)); err != nil {
					t.Errorf("stream %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if n := s.conns.Load(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
}

// converse sends a line when the one before has been answered.
func converse(s *site, req *http.Request) error {
	r, w := io.Pipe()
	defer w.Close()
	req.Body = r
	go fmt.Fprintln(w, "line 0")
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for i := range 4 {
		want := fmt.Sprintf("line %d of %s\n", i, req.URL.Path)
		if got, err := lines.ReadString('\n'); got != want || err != nil {
			return fmt.Errorf("%q, %v; want %q", got, err, want)
		}
		if i < 3 {
			fmt.Fprintln(w, "line", i+1)
		}
	}
	w.Close()
	if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
		return fmt.Errorf("at the end: %q, %v", rest, err)
	}
	return nil
}
