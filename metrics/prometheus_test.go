package metrics_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uvhttp"
)

type echo struct{}

func (echo) Open(*server.Conn)             {}
func (echo) Data(c *server.Conn, p []byte) { _, _ = c.Write(p) }
func (echo) Close(*server.Conn, error)     {}

// serveEcho starts an echo server with two loops, and exchanges n messages with it.
func serveEcho(t *testing.T, n int) *server.Server {
	t.Helper()
	s := &server.Server{Handler: echo{}, Loops: 2}
	uvtest.Check(t, s.Listen("tcp://127.0.0.1:0"))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		uvtest.Expect(t, s.Shutdown(context.Background()))
		uvtest.Expect(t, <-ended)
	})
	c := uvtest.Must(net.Dial("tcp", s.Addrs()[0].String()))
	defer c.Close()
	for range n {
		uvtest.Must(c.Write([]byte("hello")))
		uvtest.Must(io.ReadFull(c, make([]byte, 5)))
	}
	return s
}

// serveHTTP starts an HTTP server that answers with the metrics of r, and that is registered there.
func serveHTTP(t *testing.T, r *metrics.Registry, name string) (addr string) {
	t.Helper()
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	mux := http.NewServeMux()
	mux.Handle("/metrics", r)
	s := &uvhttp.Server{Handler: mux, Loops: 1}
	uvtest.Must(r.HTTP(name, s))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	t.Cleanup(func() {
		uvtest.Expect(t, s.Close())
		uvtest.IsErr(t, "Serve", <-ended, http.ErrServerClosed)
	})
	return ln.Addr().String()
}

// text returns the metrics, and the values of samples by what stands before them.
func text(t *testing.T, r *metrics.Registry) (string, map[string]string) {
	t.Helper()
	var b bytes.Buffer
	n, err := r.WriteTo(&b)
	if uvtest.Check(t, err); int(n) != b.Len() {
		t.Errorf("WriteTo tells of %d of %d bytes", n, b.Len())
	}
	values := make(map[string]string)
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "#") {
			at := strings.LastIndexByte(line, ' ')
			values[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return b.String(), values
}

func TestTextTellsWhatAServerDid(t *testing.T) {
	var r metrics.Registry
	s := serveEcho(t, 7)
	uvtest.Must(r.Server("api", s))
	uvtest.Eventually(t, "the connection ends", func() bool { return s.Stats().Closed.ByPeer == 1 })
	_, got := text(t, &r)
	for sample, want := range map[string]string{
		`uvgo_server_accepted_total{server="api"}`:                     "1",
		`uvgo_server_closed_total{server="api",reason="by_peer"}`:      "1",
		`uvgo_server_closed_total{server="api",reason="idle_timeout"}`: "0",
		`uvgo_server_connections{server="api"}`:                        "0",
		`uvgo_server_received_bytes_total{server="api"}`:               "35",
		`uvgo_server_written_bytes_total{server="api"}`:                "35",
		`uvgo_server_messages_total{server="api"}`:                     "7",
		`uvgo_server_handshakes_total{server="api",result="failed"}`:   "0",
		`uvgo_loop_panics_total{loop="api/0"}`:                         "0",
		`uvgo_loop_panics_total{loop="api/1"}`:                         "0",
	} {
		if got[sample] != want {
			t.Errorf("%s is %q, want %s", sample, got[sample], want)
		}
	}
}

// TestHistogramsAreCumulative: each bucket holds those below it, the last one is +Inf, which is the count.
func TestHistogramsAreCumulative(t *testing.T) {
	var r metrics.Registry
	uvtest.Must(r.Server("s", serveEcho(t, 50)))
	families := 0
	for _, f := range r.Gather() {
		if f.Type != metrics.Histogram {
			continue
		}
		families++
		for _, s := range f.Samples {
			last := metrics.Bucket{UpTo: -1}
			for _, b := range s.Buckets {
				if b.UpTo <= last.UpTo || b.Count < last.Count {
					t.Errorf("%s %v: bucket %v behind %v", f.Name, s.Labels, b, last)
				}
				last = b
			}
			if last.Count > s.Count || len(s.Buckets) < 10 {
				t.Errorf("%s %v: %d buckets with %d of %d", f.Name, s.Labels, len(s.Buckets), last.Count, s.Count)
			}
		}
	}
	if families < 3 {
		t.Errorf("%d histograms", families)
	}
	all, _ := text(t, &r)
	if !strings.Contains(all, `uvgo_loop_lag_seconds_bucket{loop="s/0",le="+Inf"} `) || !strings.Contains(all, `le="1.024e-06"} `) {
		t.Error("no bucket for +Inf, or none for 1.024 µs")
	}
}

func TestLabelsAreEscaped(t *testing.T) {
	var r metrics.Registry
	uvtest.Must(r.Net("a\"b\\c\nd\xff", nil))
	uvtest.Must(r.Server("a\"b\\c\nd\xffe", serveEcho(t, 1)))
	_, got := text(t, &r)
	if _, ok := got["uvgo_server_connections{server=\"a\\\"b\\\\c\\nd�e\"}"]; !ok {
		t.Errorf("no such label among %d samples", len(got))
	}
}

func TestFamiliesOfProgramsAreWrittenSoThatPrometheusTakesThem(t *testing.T) {
	var b strings.Builder
	uvtest.Must(metrics.WriteText(&b, []metrics.Family{{
		Name: "app_seconds", Help: "Of \xff\nthings.", Type: metrics.Histogram,
		Samples: []metrics.Sample{{Buckets: []metrics.Bucket{{UpTo: 1, Count: 1}, {UpTo: math.Inf(1), Count: 2}}, Sum: math.Inf(1), Count: 2}},
	}}))
	want := "# HELP app_seconds Of �\\nthings.\n# TYPE app_seconds histogram\n" +
		"app_seconds_bucket{le=\"1\"} 1\napp_seconds_bucket{le=\"+Inf\"} 2\napp_seconds_sum +Inf\napp_seconds_count 2\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestHandlerRefusesOtherMethods(t *testing.T) {
	var r metrics.Registry
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405} {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(method, "/metrics", nil))
		if w.Code != want || (method == "GET") != (w.Body.Len() > 0 && w.Code == 200) {
			t.Errorf("%s: status %d with %d bytes", method, w.Code, w.Body.Len())
		}
	}
}

// tool returns a program of Debian's package prometheus.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: apt-get install --no-install-recommends prometheus", name)
	}
	return path
}

func TestPromtoolAcceptsTheText(t *testing.T) {
	promtool := tool(t, "promtool")
	var r metrics.Registry
	uvtest.Must(r.Server("api", serveEcho(t, 10)))
	addr := serveHTTP(t, &r, "web")
	resp, err := http.Get("http://" + addr + "/metrics")
	uvtest.Check(t, err)
	http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != metrics.ContentType {
		t.Errorf("Content-Type is %q", got)
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = resp.Body
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// TestPrometheusScrapes starts a Prometheus, which scrapes an HTTP server that serves its own metrics.
func TestPrometheusScrapes(t *testing.T) {
	prometheus := tool(t, "prometheus")
	var r metrics.Registry
	uvtest.Must(r.Server("api", serveEcho(t, 10)))
	addr := serveHTTP(t, &r, "web")
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	uvtest.Check(t, os.WriteFile(config, fmt.Appendf(nil,
		"scrape_configs:\n- job_name: uvgo\n  scrape_interval: 100ms\n  scrape_timeout: 100ms\n  static_configs: [{targets: [%q]}]\n", addr), 0o600))
	free := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	api := free.Addr().String()
	uvtest.Check(t, free.Close())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, prometheus, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+api, "--log.level=error")
	log := uvtest.Must(cmd.StderrPipe())
	uvtest.Check(t, cmd.Start())
	said := make(chan string, 1)
	go func() {
		var lines []string
		for in := bufio.NewScanner(log); in.Scan(); {
			lines = append(lines, in.Text())
		}
		said <- strings.Join(lines, "\n")
	}()
	defer func() {
		_ = cmd.Process.Kill()
		text := <-said
		_ = cmd.Wait()
		if t.Failed() {
			t.Log("prometheus said:", text)
		}
		http.DefaultClient.CloseIdleConnections()
	}()
	for query, want := range map[string]string{
		`uvgo_server_messages_total{server="api"}`:                                           "10",
		`sum(uvgo_server_closed_total{server="api"})`:                                        "1",
		`uvgo_http_requests_total{server="web",class="2xx"} > bool 3`:                        "1", // the scrapes themselves
		`histogram_quantile(0.99, sum by (le) (uvgo_loop_callback_seconds_bucket)) > bool 0`: "1",
		`sum(uvgo_loop_idle_seconds_total) > bool 0`:                                         "1",
		`count(uvgo_loop_handles{kind="tcp"})`:                                               "3",
		`up`:                                                                                 "1",
	} {
		uvtest.Eventually(t, query+" is "+want, func() bool { return ask(ctx, api, query) == want })
	}
}

// ask returns the value of a query, or why there is none.
func ask(ctx context.Context, api, query string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+api+"/api/v1/query?query="+url.QueryEscape(query), nil)
	if err != nil {
		return err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := errors.Join(json.NewDecoder(resp.Body).Decode(&answer)); err != nil {
		return err.Error()
	}
	if len(answer.Data.Result) != 1 {
		return fmt.Sprintf("%d results", len(answer.Data.Result))
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1])
}
