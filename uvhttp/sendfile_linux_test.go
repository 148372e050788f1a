package uvhttp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestFilesAreSentBySendfile: a long file goes by sendfile but for its first bytes, which tell its type, also to a client that reads slowly. A range
// of it does, and a short one does not.
func TestFilesAreSentBySendfile(t *testing.T) {
	const size = 8 << 20
	name := filepath.Join(t.TempDir(), "f")
	p := uvtest.Pattern(size, 1)
	uvtest.Check(t, os.WriteFile(name, p, 0o600))
	modes(t, func(t *testing.T, s *Server) {
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })
		addr := start(t, s)
		for _, c := range []struct {
			field string
			from  int
			to    int // behind the last
			least int64
		}{
			{"", 0, size, size / 2}, // where the buffer is full, a piece goes through the loop
			{"Range: bytes=1000-6000000\r\n", 1000, 6000001, 3000000},
			{"Range: bytes=0-9999\r\n", 0, 10000, 0},
		} {
			before := sentByFile.Load()
			nc, err := net.Dial("tcp", addr)
			uvtest.Check(t, err)
			fmt.Fprintf(nc, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", c.field)
			all, err := io.ReadAll(nc)
			uvtest.Check(t, err)
			nc.Close()
			if _, body, _ := bytes.Cut(all, []byte("\r\n\r\n")); !bytes.Equal(body, p[c.from:c.to]) {
				t.Fatalf("%q: %d bytes that differ", c.field, len(body))
			}
			sent := sentByFile.Load() - before
			if sent < c.least || c.least == 0 && sent != 0 {
				t.Errorf("%q: %d bytes by sendfile, want %d", c.field, sent, c.least)
			}
		}
	})
}

// TestFileThatShrinks: the answer of a file that becomes shorter while it is sent is cut, and the connection with it.
func TestFileThatShrinks(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	uvtest.Check(t, os.WriteFile(name, make([]byte, 32<<20), 0o600))
	s := &Server{Loops: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })}
	nc, err := net.Dial("tcp", start(t, s))
	uvtest.Check(t, err)
	defer nc.Close()
	fmt.Fprintf(nc, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_, err = io.ReadFull(nc, make([]byte, 1000))
	uvtest.Check(t, err)
	uvtest.Check(t, os.Truncate(name, 100))
	if n, _ := io.Copy(io.Discard, nc); n >= 32<<20-1000 {
		t.Errorf("%d bytes come", n)
	}
}

// TestFileThatGrows: without a Content-Length a file is sent until its end, also what it has got meanwhile.
func TestFileThatGrows(t *testing.T) {
	const size, more = 32 << 20, 1 << 20
	modes(t, func(t *testing.T, s *Server) {
		name := filepath.Join(t.TempDir(), "f")
		p := uvtest.Pattern(size+more, 1)
		uvtest.Check(t, os.WriteFile(name, p[:size], 0o600))
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f := uvtest.Must(os.Open(name))
			defer f.Close()
			if n, err := io.Copy(w, f); n != size+more || err != nil {
				t.Errorf("Copy: %d, %v", n, err)
			}
		})
		before := sentByFile.Load()
		nc, err := net.Dial("tcp", start(t, s))
		uvtest.Check(t, err)
		defer nc.Close()
		fmt.Fprintf(nc, "GET / HTTP/1.0\r\n\r\n")
		first := make([]byte, 1000)
		_, err = io.ReadFull(nc, first)
		uvtest.Check(t, err)
		f := uvtest.Must(os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0))
		_, err = f.Write(p[size:])
		uvtest.Check(t, err)
		uvtest.Check(t, f.Close())
		rest, err := io.ReadAll(nc)
		uvtest.Check(t, err)
		if _, body, _ := bytes.Cut(append(first, rest...), []byte("\r\n\r\n")); !bytes.Equal(body, p) {
			t.Errorf("%d bytes, want %d", len(body), len(p))
		}
		if sent := sentByFile.Load() - before; sent < size/2 {
			t.Errorf("%d bytes by sendfile", sent)
		}
	})
}

// A stuckFile is a file on a disk that does not answer.
type stuckFile struct {
	*os.File
	reads, answer chan struct{}
}

func (f stuckFile) Read(p []byte) (int, error) {
	if len(p) > sniffLen { // behind the first bytes
		f.reads <- struct{}{}
		<-f.answer
	}
	return f.File.Read(p)
}

// TestSlowDisk: while a file is read for a client that takes less than sendfile would send, the loop goes on, with this
// connection, too.
func TestSlowDisk(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	uvtest.Check(t, os.WriteFile(name, make([]byte, 32<<20), 0o600))
	modes(t, func(t *testing.T, s *Server) {
		f := stuckFile{uvtest.Must(os.Open(name)), make(chan struct{}), make(chan struct{})}
		defer f.Close()
		gone := make(chan error, 1)
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/quick" {
				return
			}
			context.AfterFunc(r.Context(), func() { gone <- nil })
			_, err := io.Copy(w, struct{ file }{f})
			if err == nil {
				t.Error("the client has gone, and Copy does not tell")
			}
		})
		addr := start(t, s)
		nc, _ := dial(t, addr)
		fmt.Fprintf(nc, "GET / HTTP/1.0\r\n\r\n")
		<-f.reads
		fmt.Fprintf(nc, "GET / HTTP/1.0\r\n\r\n") // the loop keeps it for later
		other, in := dial(t, addr)
		for range 3 {
			fmt.Fprintf(other, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")
			answer200(t, in)
		}
		nc.Close()
		<-gone
		close(f.answer)
	})
}
