package interop

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestHTTPBulk: a gigabyte up and down, with checksums.
func TestHTTPBulk(t *testing.T) {
	crossed(t, func(t *testing.T, server, client stack) {
		n := size(1<<30, 64<<20)
		if server.name != client.name {
			n = min(n, 256<<20)
		}
		t.Run("HTTP1", func(t *testing.T) { bulk(t, server, client, n) })
		t.Run("HTTP2", func(t *testing.T) { bulk(t, server, client, n/8, withHTTP2(10)) })
	})
}

// bulkHandler answers a POST with the length and the checksum of what came, and
// a GET with n bytes.
func bulkHandler(n int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.Copy(w, newContent(n))
			return
		}
		got, crc, err := sum(r.Body)
		fmt.Fprintf(w, "%d bytes, %08x, %v", got, crc, err)
	})
}

// bulk posts n bytes to a server, and gets n from it.
func bulk(t *testing.T, server, client stack, n int64, opts ...siteOption) {
	_, want, err := sum(newContent(n))
	uvtest.Check(t, err)
	s := open(t, server, client, bulkHandler(n), opts...)
	uvtest.Check(t, s.post(s.request(t, "POST", "/", newContent(n)), n, want))
	uvtest.Check(t, s.get(s.request(t, "GET", "/", nil), n, want))
}

// post sends a request of n bytes with the checksum crc to a bulkHandler.
func (s *site) post(req *http.Request, n int64, crc uint32) error {
	req.ContentLength = n
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if want := fmt.Sprintf("%d bytes, %08x, <nil>", n, crc); string(text) != want || err != nil {
		return fmt.Errorf("up: %s, %v; want %s", text, err, want)
	}
	return nil
}

// get receives n bytes with the checksum want.
func (s *site) get(req *http.Request, n int64, want uint32) error {
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if got, crc, err := sum(resp.Body); got != n || crc != want || err != nil {
		return fmt.Errorf("down: %d bytes, %08x, %v; want %d, %08x", got, crc, err, n, want)
	}
	return nil
}

// TestHTTPFile: files leave by sendfile, whole and in part, and arrive in a
// file by the connection's WriterTo or the file's ReaderFrom.
func TestHTTPFile(t *testing.T) {
	n := size(256<<20, 16<<20)
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	uvtest.Check(t, err)
	_, err = io.Copy(f, newContent(n))
	uvtest.Check(t, err)
	uvtest.Check(t, f.Close())
	_, want, err := sum(newContent(n))
	uvtest.Check(t, err)
	crossed(t, func(t *testing.T, server, client stack) {
		s := open(t, server, client, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.ServeFile(w, r, path)
		}))
		resp, err := s.client.Do(s.request(t, "GET", "/", nil))
		uvtest.Check(t, err)
		defer resp.Body.Close()
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		uvtest.Check(t, err)
		defer out.Close()
		_, err = io.Copy(out, resp.Body)
		uvtest.Check(t, err)
		_, err = out.Seek(0, io.SeekStart)
		uvtest.Check(t, err)
		if got, crc, err := sum(out); got != n || crc != want || err != nil {
			t.Errorf("%d bytes, %08x, %v; want %d, %08x", got, crc, err, n, want)
		}
		for _, at := range []int64{0, 1, n / 3, n - 1000} {
			req := s.request(t, "GET", "/", nil)
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", at, at+999))
			part := newContent(at + 1000)
			part.at = at
			whole, _ := io.ReadAll(part)
			if resp, got := s.body(t, req); resp.StatusCode != http.StatusPartialContent || got != string(whole) {
				t.Errorf("range at %d: %s, %d bytes", at, resp.Status, len(got))
			}
		}
	})
}
