package uvnet

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// tempFile makes a file of the bytes and opens it.
func tempFile(t *testing.T, b []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	uvtest.Check(t, os.WriteFile(path, b, 0o600))
	f, err := os.Open(path)
	uvtest.Check(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// TestSendfileHappens: the ways that lead from a file to a connection end in sendfile.
func TestSendfileHappens(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	want := random(3 << 20)
	for name, send := range map[string]func(c net.Conn, f *os.File) (int64, error){
		"Copy":        func(c net.Conn, f *os.File) (int64, error) { return io.Copy(c, f) },
		"CopyN":       func(c net.Conn, f *os.File) (int64, error) { return io.CopyN(c, f, int64(len(want))) },
		"ReadFrom":    func(c net.Conn, f *os.File) (int64, error) { return c.(io.ReaderFrom).ReadFrom(f) },
		"WriteTo":     func(c net.Conn, f *os.File) (int64, error) { return f.WriteTo(c) },
		"LimitReader": func(c net.Conn, f *os.File) (int64, error) { return io.Copy(c, io.LimitReader(f, 1<<40)) },
		"embedded":    func(c net.Conn, f *os.File) (int64, error) { return io.Copy(c, struct{ *os.File }{f}) },
	} {
		t.Run(name, func(t *testing.T) {
			networks(t, func(t *testing.T, network string) {
				s, c := connectPair(t, network, makers[0], makers[0])
				defer s.Close()
				got := drained(s, 32<<10)
				before := moved.sent.Load()
				if n, err := send(c, tempFile(t, want)); n != int64(len(want)) || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
				c.Close()
				same(t, <-got, want)
				if n := moved.sent.Load() - before; n < int64(len(want))/2 { // the rest goes by the loop, when the kernel is full
					t.Errorf("sendfile moved %d bytes", n)
				}
			})
		})
	}
}

// TestSendfileLeavesOthers: what is no regular file is read.
func TestSendfileLeavesOthers(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s, c := connectPair(t, "tcp", makers[0], makers[0])
	defer s.Close()
	defer c.Close()
	got := drained(s, 4096)
	before := moved.sent.Load()
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	defer r.Close()
	_, err = w.WriteString("pipe ")
	uvtest.Check(t, err)
	w.Close()
	version, err := os.Open("/proc/version") // regular, with a size of 0
	uvtest.Check(t, err)
	defer version.Close()
	want, err := os.ReadFile("/proc/version")
	uvtest.Check(t, err)
	for _, src := range []io.Reader{r, version, tempFile(t, nil)} {
		if _, err := io.Copy(c, src); err != nil {
			t.Error(err)
		}
	}
	c.Close()
	if g := <-got; string(g) != "pipe "+string(want) {
		t.Errorf("%q arrived", g)
	}
	if n := moved.sent.Load() - before; n > int64(len(want)) {
		t.Errorf("sendfile moved %d bytes", n)
	}
	closed := tempFile(t, want)
	closed.Close()
	if _, err := io.Copy(c, closed); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed file: %v", err)
	}
}

// TestSendfileFromHandlers: net/http sends files by sendfile, whatever a handler calls.
func TestSendfileFromHandlers(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	want := random(2 << 20)
	path := tempFile(t, want).Name()
	mux := http.NewServeMux()
	open := func(use func(w http.ResponseWriter, r *http.Request, f *os.File)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			f, err := os.Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			use(w, r, f)
		}
	}
	mux.Handle("/files/", http.StripPrefix("/files", http.FileServer(http.Dir(filepath.Dir(path)))))
	mux.Handle("/serve", open(func(w http.ResponseWriter, r *http.Request, _ *os.File) { http.ServeFile(w, r, path) }))
	mux.Handle("/content", open(func(w http.ResponseWriter, r *http.Request, f *os.File) {
		http.ServeContent(w, r, "f", time.Time{}, f)
	}))
	mux.Handle("/copy", open(func(w http.ResponseWriter, _ *http.Request, f *os.File) {
		w.Header().Set("Content-Length", fmt.Sprint(len(want)))
		if n, err := io.Copy(w, f); n != int64(len(want)) || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	}))
	ln, err := Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	srv := &http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	tr := &http.Transport{}
	for _, url := range []string{"/files/f", "/serve", "/content", "/copy"} {
		before := moved.sent.Load()
		resp, err := (&http.Client{Transport: tr}).Get("http://" + ln.Addr().String() + url)
		uvtest.Check(t, err)
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		uvtest.Check(t, err)
		same(t, got, want)
		if n := moved.sent.Load() - before; n < int64(len(want))/2 {
			t.Errorf("%s: sendfile moved %d bytes", url, n)
		}
	}
	tr.CloseIdleConnections()
	srv.Close()
	<-served
}
