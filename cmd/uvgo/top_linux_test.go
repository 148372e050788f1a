package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
)

// program serves a handler as the metrics of a program.
func program(t *testing.T, h http.Handler) string {
	t.Helper()
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	srv := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return "http://" + ln.Addr().String()
}

// TestTopShowsAnyProgramWithMetrics: /metrics of package metrics is enough.
func TestTopShowsAnyProgramWithMetrics(t *testing.T) {
	var r metrics.Registry
	l := looptest.New(t)
	uvtest.Must(r.Loop("mine", l))
	mux := http.NewServeMux()
	mux.Handle("/metrics", &r)
	url := program(t, mux)
	for _, at := range []string{url, url + "/", url + "/metrics"} {
		p := start(t, "top", "--interval", "20ms", "-n", "2", at)
		out := p.wait(0)
		if strings.Count(out, "--- ") != 2 || strings.Count(out, "\nmine ") != 2 || strings.Contains(out, "\x1b") {
			t.Errorf("%s: %q", at, out)
		}
	}
}

func TestTopSaysWhatIsWrong(t *testing.T) {
	privateRuntimeDir(t)
	free := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	nobody := "http://" + free.Addr().String()
	uvtest.Check(t, free.Close())
	text := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) })
	}
	for at, want := range map[string]string{
		"":                                    "no program of this user's shows its metrics",
		"1":                                   "process 1 has no socket at ",
		nobody:                                "connection refused (ECONNREFUSED): nothing listens there",
		"unix:///none/s":                      "there is no such socket",
		program(t, http.NotFoundHandler()):    "404 Not Found: is it the address of --metrics?",
		program(t, text("<!DOCTYPE html>\n")): "tells no metrics of uvgo's",
		program(t, text("node_load1 0.5\n")):  "tells no metrics of uvgo's",
	} {
		args := []string{"top", "-n", "1"}
		if at != "" {
			args = append(args, at)
		}
		p := start(t, args...)
		if out := p.wait(1); out != "" {
			t.Errorf("%s: it says %q", at, out)
		}
		holds(t, p.complaint(), want)
	}
}

// TestTopEndsQuietlyWithItsReader: as in "uvgo top | head".
func TestTopEndsQuietlyWithItsReader(t *testing.T) {
	var r metrics.Registry
	uvtest.Must(r.Loop("mine", looptest.New(t)))
	p := start(t, "top", "--interval", "10ms", program(t, &r))
	p.expect(`^--- `)
	uvtest.Check(t, p.out.Close())
	p.status(0)
	if p.stderr.Len() > 0 {
		t.Errorf("it says %q", &p.stderr)
	}
}

// TestTopFindsAProgramByItsID, and asks on a unix socket.
func TestTopFindsAProgramByItsID(t *testing.T) {
	privateRuntimeDir(t)
	path := uvtest.SocketPath(t)
	p := startIn(t, "http", "--root", t.TempDir(), "--listen", webLoopback[0], "--log", "off", "--metrics", "unix://"+path)
	p.expect(`^stop: `)
	id := itoa(p.cmd.Process.Pid)
	for _, args := range [][]string{{id}, {"unix://" + path}, {path}, {}} {
		out := start(t, append([]string{"top", "-n", "1", "--interval", "20ms"}, args...)...).wait(0)
		holds(t, out, "uvgo http  process "+id, "\nhttp/0 ", "requests/s", "CONNS")
	}
	q := startIn(t, "echo", "--listen", loopback[0], "--metrics", "http://127.0.0.1:0")
	q.expect(`^stop: `)
	two := start(t, "top", "-n", "1")
	two.wait(1)
	holds(t, two.complaint(), "2 programs", id, itoa(q.cmd.Process.Pid))
	p.signal(syscall.SIGTERM)
	p.wait(0)
	q.signal(syscall.SIGTERM)
	q.wait(0)
}
