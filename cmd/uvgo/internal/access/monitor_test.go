package access_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/access"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/uvhttp"
)

// serve serves a handler that a monitor sees, and returns the server's URL and a client.
func serve(t *testing.T, m *access.Monitor, h http.HandlerFunc) (string, *http.Client) {
	t.Helper()
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	url := "http://" + ln.Addr().String() + "/"
	srv := &uvhttp.Server{Handler: m.Wrap(h), Loops: 1, ConnState: m.ConnState, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	transport := new(http.Transport)
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		uvtest.Check(t, srv.Close())
		<-served
	})
	return url, &http.Client{Transport: transport}
}

// do sends a request and reads the answer, whose error it returns.
func do(t *testing.T, c *http.Client, r *http.Request) error {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func TestRequestsAreCountedByStatus(t *testing.T) {
	m := new(access.Monitor)
	file := uvtest.Must(os.CreateTemp(t.TempDir(), ""))
	defer file.Close()
	uvtest.Must(file.Write(uvtest.Pattern(100_000, 1)))
	url, client := serve(t, m, func(w http.ResponseWriter, r *http.Request) {
		if n := m.Stats().InFlight; n != 1 {
			t.Errorf("%d requests under way", n)
		}
		switch r.URL.Path {
		case "/ok":
			io.WriteString(w, "12345")
		case "/empty":
		case "/hints":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNotFound)
		case "/file":
			io.Copy(w, io.NewSectionReader(file, 0, 100_000))
		case "/fails":
			w.WriteHeader(http.StatusInternalServerError)
		case "/aborts":
			panic(http.ErrAbortHandler)
		}
	})
	for _, path := range []string{"ok", "empty", "hints", "file", "fails", "aborts"} {
		// A client sends a GET again if its connection ends.
		err := do(t, client, uvtest.Must(http.NewRequest(http.MethodPost, url+path, nil)))
		if (err != nil) != (path == "aborts") {
			t.Errorf("%s: %v", path, err)
		}
	}
	uvtest.Check(t, do(t, client, uvtest.Must(http.NewRequest(http.MethodHead, url+"ok", nil))))
	uvtest.Eventually(t, "the last request ends", func() bool { return m.Stats().InFlight == 0 })
	s := m.Stats()
	if want := [6]uint64{1, 0, 4, 0, 1, 1}; s.Requests != want || s.Answered() != 7 || s.Bytes != 100_005 {
		t.Errorf("stats %+v, want %v", s, want)
	}
	client.CloseIdleConnections()
	uvtest.Eventually(t, "connections end", func() bool { return m.Stats().Conns == 0 })
	if s := m.Stats(); s.Accepted == 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestFilesReachTheServersReadFrom: only so they leave by sendfile.
func TestFilesReachTheServersReadFrom(t *testing.T) {
	m := new(access.Monitor)
	w := new(reads)
	h := m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.Copy(w, io.LimitReader(strings.NewReader("a file"), 6))
	}))
	h.ServeHTTP(w, uvtest.Must(http.NewRequest(http.MethodGet, "/", nil)))
	if w.n != 6 || m.Stats().Bytes != 6 {
		t.Errorf("%d bytes read, %+v", w.n, m.Stats())
	}
}

type reads struct {
	http.ResponseWriter
	n int64
}

func (r *reads) ReadFrom(src io.Reader) (int64, error) {
	n, err := io.Copy(io.Discard, src)
	r.n += n
	return n, err
}

func TestTheLogEscapes(t *testing.T) {
	var text, lines bytes.Buffer
	for _, tt := range []struct {
		buf     *bytes.Buffer
		handler slog.Handler
	}{{&text, slog.NewTextHandler(&text, nil)}, {&lines, slog.NewJSONHandler(&lines, nil)}} {
		m := &access.Monitor{Log: slog.New(tt.handler)}
		h := m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
		r := uvtest.Must(http.NewRequest(http.MethodGet, "http://h/a%0Ab%1b%5b31m?secret=1", nil))
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header.Set("User-Agent", "evil\x1b[31m\"\nmsg=request\tstatus=200")
		h.ServeHTTP(new(discard), r)
		if got := tt.buf.String(); strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\x1b\t") || strings.Contains(got, "secret") {
			t.Errorf("the log's line: %q", got)
		}
	}
	if got := text.String(); !strings.Contains(got, `method=GET path=/a%0Ab%1b%5b31m status=404 bytes=0 duration=`) ||
		!strings.Contains(got, `remote=192.0.2.1:1234 agent="evil\x1b[31m\"\nmsg=request\tstatus=200" protocol=HTTP/1.1`) {
		t.Errorf("the log's line: %q", got)
	}
	var record struct {
		Method, Path, Agent string
		Status              int
	}
	uvtest.Check(t, json.Unmarshal(lines.Bytes(), &record))
	if record.Method != http.MethodGet || record.Status != http.StatusNotFound || record.Agent != "evil\x1b[31m\"\nmsg=request\tstatus=200" {
		t.Errorf("record %+v", record)
	}
}

type discard struct{}

func (d *discard) Header() http.Header         { return http.Header{} }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// TestWithoutALogARequestAllocatesNothing: neither the counts nor a log that is off cost it.
func TestWithoutALogARequestAllocatesNothing(t *testing.T) {
	m := new(access.Monitor)
	h := m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	r, w := uvtest.Must(http.NewRequest(http.MethodGet, "/", nil)), new(discard)
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n >= 1 { // the pool may lose some
		t.Errorf("%v allocations", n)
	}
}

func TestMetricsAreInPrometheusFormat(t *testing.T) {
	m := &access.Monitor{Timed: true}
	h := m.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	h.ServeHTTP(new(discard), uvtest.Must(http.NewRequest(http.MethodGet, "/", nil)))
	var text strings.Builder
	uvtest.Must(metrics.WriteText(&text, m.Families()))
	values := make(map[string]string)
	typed := ""
	for line := range strings.Lines(strings.TrimSuffix(text.String(), "\n")) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			typed, _, _ = strings.Cut(rest, " ")
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		if !strings.HasPrefix(line, typed) {
			t.Errorf("%q has no type", line)
		}
		values[line[:i]] = line[i+1:]
	}
	for name, want := range map[string]string{
		`http_requests_total{class="2xx"}`: "1", `http_requests_total{class="none"}`: "0", "http_requests_in_flight": "0",
		`http_request_duration_seconds_bucket{le="+Inf"}`: "1", `http_request_duration_seconds_bucket{le="10"}`: "1",
		"http_request_duration_seconds_count": "1", "http_connections": "0",
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %s", name, values[name], want)
		}
	}
}

func TestASlowLogHoldsNothingUp(t *testing.T) {
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	defer w.Close()
	s := access.NewSink(w)
	line := []byte(strings.Repeat("x", 1023) + "\n")
	const lines = 4000 // more than the pipe and the sink hold
	for range lines {
		if n, err := s.Write(line); n != len(line) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
	lost := s.Lost()
	if lost == 0 || lost > lines-1000 {
		t.Errorf("%d lines lost", lost)
	}
	read := make(chan int)
	go func() {
		data, _ := io.ReadAll(r)
		read <- len(data)
	}()
	s.Close(time.Minute)
	if s.Write(line); s.Lost() != lost+1 {
		t.Errorf("a line behind the end is not counted")
	}
	w.Close()
	if got := <-read; got != (lines-int(lost))*1024 {
		t.Errorf("%d bytes came, %d lines lost", got, lost)
	}
	r.Close()
}
