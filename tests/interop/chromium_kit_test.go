package interop

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A browserPage is a page in a headless Chromium, which the test drives by the DevTools protocol on two pipes.
type browserPage struct {
	t       *testing.T
	in      *os.File
	session string

	mu      sync.Mutex
	last    int
	waiting map[int]chan devtoolsAnswer
	errors  []string // what scripts threw, and what the browser refused
}

type devtoolsAnswer struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// openPage starts a Chromium that shows the URL.
func openPage(t *testing.T, url string) *browserPage {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil && testing.Short() {
		t.Skip("Chromium is not installed: tests/interop/setup.sh does it")
	}
	uvtest.Check(t, err)
	theirs, in, err := os.Pipe()
	uvtest.Check(t, err)
	out, theirOut, err := os.Pipe()
	uvtest.Check(t, err)
	// Chromium ends when its pipe does. The context is for one that hangs.
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirs, theirOut}
	uvtest.Check(t, cmd.Start())
	theirs.Close()
	theirOut.Close()
	p := &browserPage{t: t, in: in, waiting: make(map[int]chan devtoolsAnswer)}
	var reads sync.WaitGroup
	reads.Go(func() { p.read(out) })
	t.Cleanup(func() {
		_, _ = fmt.Fprintf(in, "%s\x00", `{"id":999999,"method":"Browser.close"}`)
		_ = cmd.Wait() // it may have been killed
		cancel()
		in.Close()
		reads.Wait()
		out.Close()
	})
	var target struct {
		TargetID  string `json:"targetId"`
		SessionID string `json:"sessionId"`
	}
	p.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	p.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	p.session = target.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		p.call(domain+".enable", nil, nil)
	}
	p.call("Page.navigate", map[string]any{"url": url}, nil)
	return p
}

// read takes what the browser says.
func (p *browserPage) read(out *os.File) {
	for r := bufio.NewReaderSize(out, 1<<20); ; {
		text, err := r.ReadBytes(0)
		if err != nil {
			break
		}
		var a devtoolsAnswer
		if json.Unmarshal(text[:len(text)-1], &a) != nil {
			continue
		}
		p.mu.Lock()
		switch {
		case a.ID != 0 && p.waiting[a.ID] != nil:
			p.waiting[a.ID] <- a
			delete(p.waiting, a.ID)
		case a.Method == "Runtime.exceptionThrown", a.Method == "Log.entryAdded" && strings.Contains(string(a.Params), `"level":"error"`):
			p.errors = append(p.errors, string(a.Params))
		}
		p.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.waiting {
		close(c)
	}
	p.waiting = nil
}

// call asks the browser, and decodes the result if there is a place for it.
func (p *browserPage) call(method string, params any, result any) {
	p.t.Helper()
	got := make(chan devtoolsAnswer, 1)
	p.mu.Lock()
	p.last++
	id := p.last
	if p.waiting == nil {
		p.mu.Unlock()
		p.t.Fatalf("%s: Chromium has ended", method)
	}
	p.waiting[id] = got
	p.mu.Unlock()
	text, err := json.Marshal(struct {
		ID        int    `json:"id"`
		Method    string `json:"method"`
		Params    any    `json:"params,omitempty"`
		SessionID string `json:"sessionId,omitempty"`
	}{id, method, params, p.session})
	uvtest.Check(p.t, err)
	_, err = p.in.Write(append(text, 0))
	uvtest.Check(p.t, err)
	select {
	case a, ok := <-got:
		switch {
		case !ok:
			p.t.Fatalf("%s: Chromium has ended", method)
		case a.Error != nil:
			p.t.Fatalf("%s: %s", method, a.Error.Message)
		case result != nil:
			uvtest.Check(p.t, json.Unmarshal(a.Result, result))
		}
	case <-time.After(hang):
		p.t.Fatalf("%s: no answer", method)
	}
}

// eval returns the value of an expression in the page.
func (p *browserPage) eval(expression string) any {
	p.t.Helper()
	var r struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
		ExceptionDetails json.RawMessage `json:"exceptionDetails"`
	}
	p.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		p.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	return r.Result.Value
}

// until waits until an expression is true.
func (p *browserPage) until(what, expression string) {
	p.t.Helper()
	done := false
	defer func() {
		if !done {
			p.t.Logf("the page has errors %v, and the text\n%v", p.faults(), p.eval("document.body.innerText"))
		}
	}()
	uvtest.Eventually(p.t, what, func() bool { return p.eval(expression) == true })
	done = true
}

// look sets the window's size, and whether colours are dark.
func (p *browserPage) look(width, height int, scheme string) {
	p.t.Helper()
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	p.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// screenshot returns the page as a picture, and keeps it in the directory $UVGO_SCREENSHOTS, if that is set.
func (p *browserPage) screenshot(name string) []byte {
	p.t.Helper()
	var r struct {
		Data string `json:"data"`
	}
	p.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &r)
	png, err := base64.StdEncoding.DecodeString(r.Data)
	uvtest.Check(p.t, err)
	if dir := os.Getenv("UVGO_SCREENSHOTS"); dir != "" {
		uvtest.Check(p.t, os.WriteFile(dir+"/"+name+".png", png, 0o600))
	}
	return png
}

// faults returns what scripts threw and the browser refused so far.
func (p *browserPage) faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.errors...)
}
