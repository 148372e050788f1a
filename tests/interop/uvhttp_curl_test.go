package interop

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A curlRun is curl speaking one version of HTTP to a server of uvhttp.
type curlRun struct {
	*webServer
	t       *testing.T
	version string // curl's option
	proto   string // what the server sees
	dir     string // has the server's file
	data    []byte // what is in it
	left    chan error
	keeps   bool // its connections stay open unasked
}

// do runs curl and returns what it printed.
func (c *curlRun) do(args ...string) string {
	c.t.Helper()
	return tool(c.t, "curl", c.args(args...)...)
}

func (c *curlRun) args(args ...string) []string {
	common := []string{"-sSf", "--max-time", "60", c.version}
	if c.ca != "" {
		common = append(common, "--cacert", c.ca)
		if c.version == "--http1.0" {
			common = append(common, "--no-alpn") // servers of crypto/tls know no "http/1.0"
		}
	}
	return append(common, args...)
}

// reuses tells whether curl can ask again on a connection: 7.88 fails to with HTTP/2 by prior knowledge, at any server.
func (c *curlRun) reuses() bool { return c.version != "--http2-prior-knowledge" }

// withCurl runs a test with each version of HTTP that curl speaks.
func withCurl(t *testing.T, test func(c *curlRun)) {
	t.Helper()
	for _, v := range []struct {
		secured        bool
		version, proto string
		keeps          bool
	}{
		{false, "--http1.0", "HTTP/1.0", false},
		{false, "--http1.1", "HTTP/1.1", true},
		{false, "--http2", "HTTP/1.1", true}, // it asks for an upgrade to h2c, which nobody need grant
		{false, "--http2-prior-knowledge", "HTTP/2.0", true},
		{true, "--http1.0", "HTTP/1.0", false},
		{true, "--http1.1", "HTTP/1.1", true},
		{true, "--http2", "HTTP/2.0", true},
	} {
		t.Run(fmt.Sprintf("tls=%v,%s", v.secured, v.version), func(t *testing.T) {
			dir, data := contentFile(t, 3<<20)
			mux, left := clientsMux(t, dir)
			test(&curlRun{
				webServer: openUvhttp(t, v.secured, mux), t: t, version: v.version, proto: v.proto,
				dir: dir, data: data, left: left, keeps: v.keeps,
			})
		})
	}
}

// TestCurlMeetsUvhttp: curl gets answers of each kind, many on a connection.
func TestCurlMeetsUvhttp(t *testing.T) {
	withCurl(t, func(c *curlRun) {
		t := c.t
		hello := "hello over " + c.proto + "\n"
		if got := c.do(c.URL + "/hello/"); got != hello {
			t.Errorf("%q, want %q", got, hello)
		}
		for _, keepAlive := range []bool{false, true} {
			if !c.reuses() {
				break
			}
			args, conns := []string{c.URL + "/hello/[1-50]"}, int32(50)
			if keepAlive {
				args = append(args, "-H", "Connection: keep-alive")
			}
			if c.keeps || keepAlive {
				conns = 1
			}
			before := c.conns.Load()
			if n := strings.Count(c.do(args...), hello); n != 50 || c.conns.Load() != before+conns {
				t.Errorf("%d answers on %d connections, want 50 on %d", n, c.conns.Load()-before, conns)
			}
		}
		var lines strings.Builder
		for i := range 100 {
			fmt.Fprintln(&lines, "line", i)
		}
		if got := c.do(c.URL + "/lines"); got != lines.String() {
			t.Errorf("lines that were flushed: %q", got)
		}
		same(t, "file", []byte(c.do(c.URL+"/file")), c.data)
		if c.reuses() {
			head := c.do("-I", c.URL+"/file", c.URL+"/file", "-w", "%{num_connects} %{size_download}\n")
			if n := strings.Count(strings.ToLower(head), fmt.Sprintf("content-length: %d\r\n", len(c.data))); n != 2 {
				t.Errorf("HEAD:\n%s", head)
			}
			if again := "\r\n0 0\n"; c.keeps && !strings.HasSuffix(head, again) {
				t.Errorf("a HEAD behind another took a new connection, or had a body:\n%s", head)
			}
		}
		if got := c.do(c.URL+"/file", "-z", filepath.Join(c.dir, "file"), "-w", "%{http_code}"); got != "304" {
			t.Errorf("a file that is not newer: %q, want 304", got)
		}
	})
}

// TestCurlUploads: bodies with a length and without, asked for by 100 Continue and not.
func TestCurlUploads(t *testing.T) {
	withCurl(t, func(c *curlRun) {
		t := c.t
		up := filepath.Join(c.dir, "file")
		for _, expect := range []string{"Expect: 100-continue", "Expect:"} {
			for _, chunked := range []bool{false, true} {
				if chunked && c.proto == "HTTP/1.0" {
					continue // it has no chunks
				}
				heads := filepath.Join(t.TempDir(), "heads")
				// curl would send the body without 100 Continue, but behind more time than it has.
				args := []string{"-T", up, "-H", expect, "--expect100-timeout", "600", "-D", heads, c.URL + "/echo"}
				length := fmt.Sprint(len(c.data))
				if chunked {
					args, length = append(args, "-H", "Transfer-Encoding: chunked"), "-1"
				}
				same(t, fmt.Sprint(expect, " chunked ", chunked), []byte(c.do(args...)), c.data)
				got, err := os.ReadFile(heads)
				uvtest.Check(t, err)
				if want := "x-length: " + length + "\r\n"; !strings.Contains(strings.ToLower(string(got)), want) && c.proto != "HTTP/2.0" {
					t.Errorf("chunked %v: no %q in\n%s", chunked, want, got)
				}
				asks := expect != "Expect:" && c.proto == "HTTP/1.1" // RFC 9110 10.1.1: not in HTTP/1.0
				if told := strings.Contains(string(got), " 100 "); asks && !told {
					t.Errorf("%s: the body was not asked for:\n%s", expect, got)
				}
			}
		}
		if c.proto == "HTTP/1.1" {
			got := c.do("--no-fail", "-T", up, "-H", "Expect: 100-continue", "--expect100-timeout", "600",
				"-w", "%{http_code} %{size_upload}", c.URL+"/refuse")
			if got != "no\n413 0" {
				t.Errorf("a body that the server refuses: %q", got)
			}
		}
	})
}

// TestCurlRanges: parts of a file, several at once, and the rest of what was got before.
func TestCurlRanges(t *testing.T) {
	withCurl(t, func(c *curlRun) {
		t := c.t
		n := len(c.data)
		for r, want := range map[string][]byte{
			"0-0": c.data[:1], "1000-1999": c.data[1000:2000], "-100": c.data[n-100:], fmt.Sprint(n/3, "-"): c.data[n/3:],
		} {
			same(t, "range "+r, []byte(c.do("-r", r, c.URL+"/file")), want)
		}
		parts := c.do("-r", "0-9,100-199", c.URL+"/file")
		if !strings.Contains(parts, "\r\n\r\n"+string(c.data[:10])+"\r\n--") || !strings.Contains(parts, "\r\n\r\n"+string(c.data[100:200])+"\r\n--") {
			t.Errorf("two ranges: %q", parts)
		}
		part := filepath.Join(t.TempDir(), "part")
		uvtest.Check(t, os.WriteFile(part, c.data[:n/2], 0o600))
		c.do("-C", "-", "-o", part, c.URL+"/file")
		got, err := os.ReadFile(part)
		uvtest.Check(t, err)
		same(t, "resumed", got, c.data)
		if code := c.do("--no-fail", "-o", os.DevNull, "-w", "%{http_code}", "-r", fmt.Sprint(n, "-"), c.URL+"/file"); code != "416" {
			t.Errorf("a range behind the end: %s", code)
		}
	})
}

// TestCurlLeavesEarly: a handler that writes, or waits, learns that curl has gone.
func TestCurlLeavesEarly(t *testing.T) {
	withCurl(t, func(c *curlRun) {
		t := c.t
		for _, path := range []string{"/endless", "/held"} {
			cmd := exec.CommandContext(t.Context(), installed(t, "curl"), c.args("-N", c.URL+path)...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			out, err := cmd.StdoutPipe()
			uvtest.Check(t, err)
			uvtest.Check(t, cmd.Start())
			_, err = bufio.NewReader(out).ReadString('\n')
			uvtest.Check(t, err)
			uvtest.Check(t, cmd.Process.Kill())
			_ = cmd.Wait() // it was killed
			if err := await(t, path+"'s end", c.left); err != context.Canceled {
				t.Errorf("%s: %v", path, err)
			}
		}
	})
}
