package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// webServer starts uvgo http for a directory with some files, and returns it with the URLs that it has printed.
func webServer(t *testing.T, listen []string, flags ...string) (*process, []string) {
	t.Helper()
	args := append([]string{"http", "--root", website(t)}, flags...)
	for _, a := range listen {
		args = append(args, "--listen", a)
	}
	return listens(t, start(t, args...), len(listen))
}

// website makes a directory with some files.
func website(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"index.html": "home", "a.txt": "letter a", "big.bin": string(uvtest.Pattern(8<<20, 1))} {
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// listens waits until a server listens, and returns the addresses.
func listens(t *testing.T, p *process, n int) (*process, []string) {
	t.Helper()
	var urls []string
	for range n {
		urls = append(urls, p.expect(`^listening on (\S+) +try: curl `))
	}
	p.expect(`^stop: `)
	return p, urls
}

// webLoopback is any free port.
var webLoopback = []string{"http://127.0.0.1:0"}

// fetch asks for a path, and returns the status and the body. The connection is closed.
func fetch(t *testing.T, url, path string) (int, string) {
	t.Helper()
	f := fetchWith(t, new(http.Transport), url+path)
	return f.status, f.body
}

// A fetched is an answer.
type fetched struct {
	status, major int // of HTTP
	body          string
}

func fetchWith(t *testing.T, transport *http.Transport, url string) fetched {
	t.Helper()
	if name, ok := strings.CutPrefix(url, "unix://"); ok {
		name, path, _ := strings.Cut(name, ".sock")
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", name+".sock") }
		url = "http://localhost" + path
	}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fetched{resp.StatusCode, resp.ProtoMajor, string(body)}
}

func TestHTTPServesTCPAndUnix(t *testing.T) {
	path := uvtest.SocketPath(t) + ".sock"
	p, urls := webServer(t, append(webLoopback, "unix://"+path), "--loops", "2")
	if urls[1] != "unix://"+path {
		t.Errorf("it listens on %s, not on %s", urls[1], path)
	}
	for _, url := range urls {
		for file, want := range map[string]string{"/": "home", "/a.txt": "letter a", "/big.bin": string(uvtest.Pattern(8<<20, 1))} {
			if status, body := fetch(t, url, file); status != 200 || body != want {
				t.Errorf("%s%s: %d, %d bytes", url, file, status, len(body))
			}
		}
	}
	p.signal(syscall.SIGTERM)
	p.expect(`^SIGTERM: draining`)
	p.expect(`^drained in `)
	p.wait(0)
	if p.stderr.Len() != 0 {
		t.Errorf("on the standard error: %s", &p.stderr)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket's file is left")
	}
}

// TestHTTPServesTheCurrentDirectory: without --root.
func TestHTTPServesTheCurrentDirectory(t *testing.T) {
	cmd := uvtest.Command(t, "uvgo", "http", "--listen", "http://localhost:0")
	cmd.Dir = website(t)
	p := startCommand(t, cmd)
	p.expect("^serving " + regexp.QuoteMeta(cmd.Dir) + "$")
	_, urls := listens(t, p, 1)
	if status, body := fetch(t, urls[0], "/a.txt"); status != 200 || body != "letter a" {
		t.Errorf("%d, %q", status, body)
	}
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

func TestHTTPLogsRequests(t *testing.T) {
	t.Run("text", func(t *testing.T) {
		p, urls := webServer(t, webLoopback)
		fetch(t, urls[0], "/a.txt?token=1")
		p.expect(`msg=request method=GET path=/a.txt status=200 bytes=8 duration=\S+ remote=127.0.0.1:\d+ agent=Go-http-client/1.1 protocol=HTTP/1.1$`)
		p.signal(syscall.SIGTERM)
		p.wait(0)
	})
	t.Run("json", func(t *testing.T) {
		p := start(t, "http", "--root", website(t), "--listen", webLoopback[0], "--log", "json")
		url := p.expect(`"msg":"listening on (\S+) `)
		fetch(t, url, "/none")
		line := p.expect(`^.*"msg":"request".*$`)
		var record struct{ Method, Path, Protocol string }
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Path != "/none" {
			t.Errorf("%q: %v, %+v", line, err, record)
		}
		p.signal(syscall.SIGTERM)
		for line := range strings.Lines(p.wait(0)) {
			if !json.Valid([]byte(line)) {
				t.Errorf("no record: %q", line)
			}
		}
	})
	t.Run("off", func(t *testing.T) {
		p, urls := webServer(t, webLoopback, "--log", "off")
		fetch(t, urls[0], "/a.txt")
		p.signal(syscall.SIGTERM)
		if rest := p.wait(0); strings.Contains(rest, "a.txt") {
			t.Errorf("it says %q", rest)
		}
	})
}

func TestHTTPPrintsStatisticsOnSIGUSR1(t *testing.T) {
	p, urls := webServer(t, webLoopback, "--log", "off")
	fetch(t, urls[0], "/a.txt")
	fetch(t, urls[0], "/none")
	p.signal(syscall.SIGUSR1)
	p.expect(`^statistics after \S+`)
	p.expect(`^  connections +\d open, 2 accepted$`)
	p.expect(`^  requests +2, \S+/s, 0 under way$`)
	p.expect(`^  statuses +1 × 2xx, 1 × 4xx$`)
	p.expect(`^  bytes +22 bytes out$`)
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

// download asks for a file that is more than the kernel buffers, reads its head only, and returns
// its body.
func download(t *testing.T, url string) io.Reader {
	t.Helper()
	c := dial(t, "tcp"+strings.TrimPrefix(url, "http"))
	uvtest.Check(t, c.(*net.TCPConn).SetReadBuffer(64<<10))
	fmt.Fprint(c, "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp.Body
}

func TestHTTPFinishesRequestsUnderWay(t *testing.T) {
	p, urls := webServer(t, webLoopback, "--drain", "1m")
	idle := dial(t, "tcp"+strings.TrimPrefix(urls[0], "http"))
	fmt.Fprint(idle, "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
	resp := uvtest.Must(http.ReadResponse(bufio.NewReader(idle), nil)) //nolint:bodyclose // closed below
	uvtest.Must(io.Copy(io.Discard, resp.Body))
	resp.Body.Close()
	rest := download(t, urls[0])
	p.signal(syscall.SIGTERM)
	p.expect(`draining 1 request for at most 1m0s`)
	if n, err := io.Copy(io.Discard, idle); n != 0 || err != nil { // which is closed at once
		t.Errorf("%d bytes, %v", n, err)
	}
	body, err := io.ReadAll(rest)
	if err != nil || string(body) != string(uvtest.Pattern(8<<20, 1)) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	p.expect(`^drained in `)
	p.wait(0)
}

func TestHTTPSaysWhatADrainThatIsTooShortCuts(t *testing.T) {
	p, urls := webServer(t, webLoopback, "--drain", "50ms")
	download(t, urls[0])
	p.signal(syscall.SIGTERM)
	p.wait(1)
	holds(t, p.complaint(), "1 request cut", "--drain")
}

func TestHTTPSecondSignalEndsAtOnce(t *testing.T) {
	path := uvtest.SocketPath(t) + ".sock"
	p, urls := webServer(t, append(webLoopback, "unix://"+path), "--drain", "1h")
	download(t, urls[0])
	p.signal(syscall.SIGINT)
	p.expect(`^SIGINT: draining 1 request `)
	p.signalUntil(syscall.SIGTERM, `^SIGTERM again: ended with 1 request under way$`)
	p.wait(143)
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket's file is left")
	}
}

// TestHTTPTakesADoubledSignalForOne: timeout(1) sends it to the process and to its group.
func TestHTTPTakesADoubledSignalForOne(t *testing.T) {
	p, urls := webServer(t, webLoopback, "--drain", "1h")
	rest := download(t, urls[0])
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGINT) // the kernel would make one of two of the same
	p.expect(`draining 1 request `)
	if body, err := io.ReadAll(rest); err != nil || string(body) != string(uvtest.Pattern(8<<20, 1)) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	p.expect(`^drained in `)
	p.wait(0)
}

// TestHTTPReportsClientsInOneLine: what the server reports is one record, not one inside another.
func TestHTTPReportsClientsInOneLine(t *testing.T) {
	for mode, want := range map[string]string{"text": ` msg="server: connections are closed because TLS failed" total=1 remote=`, "json": `,"msg":"server: connections are closed because TLS failed","total":1,"remote":"`} {
		t.Run(mode, func(t *testing.T) {
			p := start(t, "http", "--root", website(t), "--listen", "https://127.0.0.1:0", "--log", mode)
			c := uvtest.Must(net.Dial("tcp", p.expect(`listening on https://(\S+)`)))
			defer c.Close()
			uvtest.Must(io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
			if got, err := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.0 400 Bad Request\r\n") || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			p.signal(syscall.SIGTERM)
			p.wait(0)
			holds(t, p.stderr.String(), want)
		})
	}
}

func TestHTTPServesMetricsAndHealth(t *testing.T) {
	p := start(t, "http", "--root", website(t), "--listen", webLoopback[0], "--metrics", "tcp://127.0.0.1:0", "--drain", "1m")
	url := p.expect(`^listening on (\S+)`)
	health := p.expect(`^metrics on \S+/metrics   health: (\S+)$`)
	p.expect(`^stop: `)
	base := strings.TrimSuffix(health, "/healthz")
	if status, body := fetch(t, health, ""); status != 200 || body != "ok\n" {
		t.Errorf("health: %d, %q", status, body)
	}
	fetch(t, url, "/a.txt")
	rest := download(t, url)
	_, text := fetch(t, base, "/metrics")
	holds(t, text, `http_requests_total{class="2xx"} 1`+"\n", "http_requests_in_flight 1\n", "http_request_duration_seconds_count 1\n", "http_connections_total 2\n")
	if status, _ := fetch(t, url, "/metrics"); status != 404 {
		t.Errorf("the metrics are public: %d", status)
	}
	p.signal(syscall.SIGTERM)
	p.expect(`draining 1 request`)
	if status, _ := fetch(t, health, ""); status != 503 { // while the request is under way
		t.Errorf("health while it drains: %d", status)
	}
	uvtest.Must(io.Copy(io.Discard, rest))
	p.expect(`^drained in `)
	p.wait(0)
}

func TestHTTPForbidsUnreadableFiles(t *testing.T) {
	dir := website(t)
	uvtest.Check(t, os.Chmod(filepath.Join(dir, "a.txt"), 0))
	cmd := uvtest.Command(t, "uvgo", "http", "--listen", webLoopback[0], "--root", dir)
	if os.Getuid() == 0 { // root may read everything
		uvtest.Check(t, os.Chmod(dir, 0o755))
		uvtest.Check(t, os.Chmod(filepath.Join(dir, "index.html"), 0o644))
		uvtest.Check(t, os.Chmod(filepath.Dir(dir), 0o755))
		cmd.Args = append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", cmd.Path}, cmd.Args[1:]...)
		cmd.Path = "/usr/bin/setpriv"
	}
	p := startCommand(t, cmd)
	_, urls := listens(t, p, 1)
	if status, body := fetch(t, urls[0], "/a.txt"); status != 403 || body != "403 forbidden\n" {
		t.Errorf("%d, %q", status, body)
	}
	if status, _ := fetch(t, urls[0], "/"); status != 200 {
		t.Errorf("what may be read: %d", status)
	}
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

func TestHTTPSaysWhatIsWrongWithTheRoot(t *testing.T) {
	dir := website(t)
	for _, tt := range []struct{ name, args, want string }{
		{"missing", "--root " + dir + "/none", "cannot serve " + dir + "/none: no such file or directory (ENOENT): name a directory by --root"},
		{"a file", "--root " + dir + "/a.txt", "not a directory"},
		{"no fallback", "--root " + dir + " --fallback app.html", "--fallback app.html: no such file or directory (ENOENT): it names a file below --root"},
		{"fallback is a directory", "--root " + dir + " --fallback .", "--fallback .: not a regular file"},
		{"no certificate", "--root " + dir + " --tls-cert /none --tls-key /none --listen https://127.0.0.1:0", "--tls-cert and --tls-key: open /none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, append([]string{"http"}, strings.Fields(tt.args)...)...)
			if out := p.wait(1); out != "" {
				t.Errorf("it said %q", out)
			}
			holds(t, p.complaint(), tt.want)
		})
	}
}
