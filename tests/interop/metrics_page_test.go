package interop

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/png"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A uvgoProgram is the program uvgo in a process of its own.
type uvgoProgram struct {
	t   *testing.T
	cmd *exec.Cmd
	out *bufio.Reader
}

// buildUvgo builds the program uvgo.
func buildUvgo(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "uvgo")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/uvgo/uvgo/cmd/uvgo")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// run starts a command of uvgo.
func runUvgo(t *testing.T, bin string, args ...string) *uvgoProgram {
	t.Helper()
	p := &uvgoProgram{t: t, cmd: exec.CommandContext(t.Context(), bin, args...)}
	p.cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+filepath.Dir(uvtest.SocketPath(t)))
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	p.cmd.Stdout, p.cmd.Stderr = w, w
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	uvtest.Check(t, p.cmd.Start())
	w.Close()
	p.out = bufio.NewReader(r)
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended
		_ = p.cmd.Wait()
		r.Close()
	})
	return p
}

// expect is uvtest.Line on the program's output.
func (p *uvgoProgram) expect(pattern string) string {
	p.t.Helper()
	return uvtest.Line(p.t, p.out, pattern, nil)
}

// askAgainAndAgain puts some load on a server until the context ends.
func askAgainAndAgain(ctx context.Context, url string) {
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	pace := time.NewTicker(2 * time.Millisecond)
	defer pace.Stop()
	for i := 0; ctx.Err() == nil; i++ {
		<-pace.C
		path := url + "/"
		if i%10 == 9 {
			path += "missing"
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		if err != nil {
			return
		}
		if resp, err := client.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		if i%20 == 19 {
			client.CloseIdleConnections() // so that connections are accepted and closed
		}
	}
}

// TestChromiumPlotsMetrics: the page of --metrics plots what a server under load does, without an error and without asking anybody else,
// tells when the server has gone, and goes on with the next.
func TestChromiumPlotsMetrics(t *testing.T) {
	uvtest.Watchdog(t, hang)
	bin, root := buildUvgo(t), t.TempDir()
	uvtest.Check(t, os.WriteFile(filepath.Join(root, "index.html"), bytes.Repeat([]byte("uvgo "), 2000), 0o600))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	at := free.Addr().String()
	free.Close()
	serve := func() *uvgoProgram {
		return runUvgo(t, bin, "http", "--root", root, "--listen", "http://127.0.0.1:0", "--log", "off", "--loops", "2", "--metrics", "http://"+at)
	}
	s := serve()
	url := s.expect(`^listening on (\S+)`)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		askAgainAndAgain(ctx, url)
	}()
	defer func() {
		stop()
		<-stopped
	}()
	p := openPage(t, "http://"+at+"/")
	p.look(1200, 1000, "light")
	p.until("ten points are plotted", `document.title.startsWith('uvgo http') && document.querySelectorAll('figure:not([hidden]) canvas').length >= 10`)
	for what, pattern := range map[string]string{
		"requests of both classes": `Requests by class.*2xx [\d.]+k?/s.*4xx`, "a lag": `Lag of the loops.*http/0 [\d.]+ (ns|µs|ms)`,
		"accepted connections": `Accepted.*accepted [\d.]+/s`, "closed connections": `Closed, by reason.*by_peer [\d.]+`, "handles": `Handles by kind.*tcp \d`,
		"bytes": `written [\d.]+ k?M?B/s`, "the loops' table": `http/1.*http/1`, "facts": `processor.*%`,
	} {
		p.until(what, fmt.Sprintf(`/%s/s.test(document.body.innerText)`, strings.ReplaceAll(pattern, "/", `\/`)))
	}
	p.until("something is drawn in the plots", `[...document.querySelectorAll('figure:not([hidden]) canvas')].every((c) =>
		c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v !== 0))`)
	// The page sorts its tables, and fits on a phone.
	p.eval(`[...document.querySelectorAll('#loops th button')].find((b) => b.textContent === 'loop').click()`)
	if order := p.eval(`[...document.querySelectorAll('#loops tbody tr')].map((r) => r.cells[0].textContent).join()`); order != "control,http/0,http/1" {
		t.Errorf("the loops are in the order %v", order)
	}
	for _, view := range []struct {
		name, scheme  string
		width, height int
	}{{"page-light", "light", 1200, 1400}, {"page-dark", "dark", 1200, 1400}, {"page-phone", "light", 390, 1200}} {
		p.look(view.width, view.height, view.scheme)
		p.until("it fits", `document.documentElement.scrollWidth <= window.innerWidth`)
		picture, _, err := image.Decode(bytes.NewReader(p.screenshot(view.name)))
		uvtest.Check(t, err)
		if dark := luminance(picture) < 0.4; dark != (view.scheme == "dark") {
			t.Errorf("%s: its luminance is %v", view.name, luminance(picture))
		}
	}
	if f := p.faults(); len(f) > 0 {
		t.Errorf("the page has errors: %v", f)
	}
	if n := p.eval(`performance.getEntriesByType('resource').filter((r) => !r.name.startsWith(location.origin)).length`); n != 0.0 {
		t.Errorf("the page has asked %v others", n)
	}
	// The server goes, and another takes its place.
	uvtest.Check(t, s.cmd.Process.Signal(os.Interrupt))
	p.until("it says that nobody answers", `/^No answer since/.test(document.getElementById('state').textContent)`)
	_ = s.cmd.Wait()
	serve().expect(`^stop: `)
	p.until("it says that another process answers", `/^another process answers/.test(document.getElementById('state').textContent)`)
}

// luminance is that of the picture's middle column, 0 to 1.
func luminance(p image.Image) float64 {
	sum, n := 0.0, 0.0
	for y := p.Bounds().Min.Y; y < p.Bounds().Max.Y; y++ {
		r, g, b, _ := p.At((p.Bounds().Min.X+p.Bounds().Max.X)/2, y).RGBA()
		sum += 0.2126*float64(r) + 0.7152*float64(g) + 0.0722*float64(b)
		n += 0xffff
	}
	return sum / n
}

// TestChromiumShowsWorkers: the page of a supervisor shows its workers, and leads to the page of each.
func TestChromiumShowsWorkers(t *testing.T) {
	uvtest.Watchdog(t, hang)
	bin := buildUvgo(t)
	s := runUvgo(t, bin, "workers", "-n", "2", "--listen", "tcp://127.0.0.1:0", "--notify", "--metrics", "http://127.0.0.1:0", "--",
		bin, "echo", "--loops", "1", "--listen", "systemd:")
	at := s.expect(`watch: open (http://\S+) in a browser`)
	go func() { _, _ = io.Copy(io.Discard, s.out) }() // until the program ends
	p := openPage(t, at)
	p.look(1200, 1000, "light")
	p.until("both workers are ready", `[...document.querySelectorAll('#workers tbody tr')].filter((r) => r.cells[2].textContent === 'ready').length === 2`)
	p.until("their loops are there", `/1: echo\/0.*2: echo\/0/s.test(document.querySelector('#loops table').innerText)`)
	p.screenshot("page-workers")
	p.eval(`document.querySelector('#workers tbody a').click()`)
	p.until("the page of the worker plots its loop", `document.title.startsWith('uvgo echo') && /echo\/0/.test(document.querySelector('#loops table').innerText)`)
	if f := p.faults(); len(f) > 0 {
		t.Errorf("the page has errors: %v", f)
	}
}
