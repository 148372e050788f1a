package observe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cmd/uvgo/internal/observe"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/server"
)

// serve serves what the fields say, and returns the address.
func serve(t *testing.T, s *observe.Server) string {
	t.Helper()
	if s.Registry == nil {
		s.Registry = new(metrics.Registry)
	}
	s.Start()
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(ln)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
		http.DefaultClient.CloseIdleConnections()
	})
	return ln.Addr().String()
}

// ask sends a request, which edit may change, and returns the answer's status, header and body.
func ask(t *testing.T, method, url string, edit func(*http.Request)) (status int, header http.Header, body string) {
	t.Helper()
	req := uvtest.Must(http.NewRequestWithContext(t.Context(), method, url, nil))
	if edit != nil {
		edit(req)
	}
	resp, err := http.DefaultClient.Do(req)
	uvtest.Check(t, err)
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header, string(uvtest.Must(io.ReadAll(resp.Body)))
}

func TestItServesEverything(t *testing.T) {
	s := &observe.Server{Name: "uvgo test", Health: func() bool { return false }, Families: func() []metrics.Family {
		return []metrics.Family{{Name: "mine", Samples: []metrics.Sample{{Value: 7}}}}
	}}
	base := "http://" + serve(t, s)
	for path, want := range map[string]string{
		"/": `<script type="module" src="page.js">`, "/page.js": "import", "/page.css": "dark", "/icon.svg": "<svg", "/data.js": "export", "/chart.js": "export",
		"/metrics": "\nmine 7\n", "/status.json": `"name":"uvgo test"`, "/debug/vars": `"uvgo": {`, "/debug/pprof/": "goroutine",
		"/debug/pprof/goroutine?debug=1": "TestItServesEverything", "/debug/pprof/cmdline": "observe", "/healthz": "draining", "/debug/pprof/profile?seconds=400": "5m0s at most",
	} {
		if status, header, body := ask(t, http.MethodGet, base+path, nil); !strings.Contains(body, want) || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d, %.200q, want %q in it", path, status, body, want)
		}
	}
	_, _, vars := ask(t, http.MethodGet, base+"/debug/vars", nil)
	var all map[string]any
	if err := json.Unmarshal([]byte(vars), &all); err != nil || all["memstats"] == nil {
		t.Errorf("/debug/vars: %v, %.200q", err, vars)
	}
	for _, tt := range []struct {
		method, path string
		edit         func(*http.Request)
		want         int
	}{
		{http.MethodPost, "/metrics", nil, 405},
		{http.MethodGet, "/nothing", nil, 404},
		{http.MethodGet, "/page/index.html", nil, 404},
		{http.MethodGet, "/worker/1/metrics", nil, 404},
		{http.MethodGet, "/metrics", func(r *http.Request) { r.Host = "evil.example" }, 403}, // a name of a stranger's that leads here
		{http.MethodGet, "/metrics", func(r *http.Request) { r.Host = "127.0.0.1.evil.example:80" }, 403},
		{http.MethodGet, "/metrics", func(r *http.Request) { r.Host = "localhost:9090" }, 200},
		{http.MethodGet, "/metrics", func(r *http.Request) { r.Host = "[::1]:9090" }, 200},
	} {
		if status, _, body := ask(t, tt.method, base+tt.path, tt.edit); status != tt.want {
			t.Errorf("%s %s: %d, want %d: %.100q", tt.method, tt.path, status, tt.want, body)
		}
	}
	_, header, _ := ask(t, http.MethodGet, base+"/", nil)
	if p := header.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'; script-src 'self';") || strings.Contains(p, "unsafe") {
		t.Errorf("the policy is %q", p)
	}
}

// TestProfilesAreForThisMachine: others get the metrics, but no /debug/.
func TestProfilesAreForThisMachine(t *testing.T) {
	s := &observe.Server{Registry: new(metrics.Registry)}
	s.Start()
	for _, tt := range []struct {
		peer, path string
		want       int
	}{
		{"192.0.2.1:1234", "/metrics", 200}, {"192.0.2.1:1234", "/debug/vars", 403}, {"192.0.2.1:1234", "/debug/pprof/", 403},
		{"[2001:db8::1]:1", "/debug/pprof/heap", 403}, {"127.0.0.1:1234", "/debug/vars", 200}, {"[::1]:1234", "/debug/vars", 200}, {"@", "/debug/vars", 200},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, tt.path, nil)
		r.RemoteAddr = tt.peer
		s.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s of %s: %d, want %d", tt.path, tt.peer, w.Code, tt.want)
		}
	}
}

// TestStuckClientsHoldNothingUp: neither those that send nothing, nor those that take nothing.
func TestStuckClientsHoldNothingUp(t *testing.T) {
	long := make([]metrics.Sample, 100_000)
	s := &observe.Server{Families: func() []metrics.Family { return []metrics.Family{{Name: "long", Samples: long}} }}
	addr := serve(t, s)
	var stuck []net.Conn
	for i := range 100 {
		c := uvtest.Must(net.Dial("tcp", addr))
		stuck = append(stuck, c)
		if i%2 == 0 {
			uvtest.Must(io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		} else {
			uvtest.Must(io.WriteString(c, "GET /metrics HT"))
		}
	}
	if status, _, _ := ask(t, http.MethodGet, "http://"+addr+"/status.json", nil); status != 200 {
		t.Errorf("beside stuck clients: %d", status)
	}
	http.DefaultClient.CloseIdleConnections()
	for _, c := range stuck {
		_ = c.Close()
	}
	uvtest.Eventually(t, "it answers again", func() bool {
		resp, err := http.Get("http://" + addr + "/status.json")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
}

// A blocker blocks its loop in each message until it is told to go on.
type blocker struct{ block, goOn chan struct{} }

func (b *blocker) Open(*server.Conn)         {}
func (b *blocker) Close(*server.Conn, error) {}
func (b *blocker) Data(*server.Conn, []byte) {
	b.block <- struct{}{}
	<-b.goOn
}

// TestAStuckLoopIsLookedAt: its metrics and the stack of its callback are shown while it is stuck.
func TestAStuckLoopIsLookedAt(t *testing.T) {
	core.ForgetStuck() // a test before may have told of the place
	b := &blocker{make(chan struct{}), make(chan struct{})}
	slow := new(observe.SlowLog)
	srv := &server.Server{Handler: b, Loops: 1, Options: []uvgo.Option{
		uvgo.WithName("web"), uvgo.WithWatchdog(10 * time.Millisecond), uvgo.WithLogger(slog.New(slog.DiscardHandler)),
		uvgo.WithSlowCallback(time.Millisecond), uvgo.WithSlowCallbackHook(slow.Hook), uvgo.WithStuckCallbackHook(slow.Stuck),
	}}
	uvtest.Check(t, srv.Listen("tcp://127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background()) }()
	s := &observe.Server{Registry: new(metrics.Registry), Slow: slow}
	uvtest.Must(s.Registry.Server("web", srv))
	base := "http://" + serve(t, s)
	c := uvtest.Must(net.Dial("tcp", srv.Addrs()[0].String()))
	uvtest.Must(c.Write([]byte("x")))
	<-b.block
	if _, _, body := ask(t, http.MethodGet, base+"/metrics", nil); !strings.Contains(body, `uvgo_server_connections{server="web"} 1`) {
		t.Errorf("the metrics are %.300q", body)
	}
	last := func() (st observe.Status) {
		_, _, body := ask(t, http.MethodGet, base+"/status.json", nil)
		uvtest.Check(t, json.Unmarshal([]byte(body), &st))
		return st
	}
	uvtest.Eventually(t, "the callback is reported while it is stuck", func() bool { return len(last().Slow) == 1 })
	if one := last().Slow[0]; !one.Stuck || !strings.Contains(one.Callback, "Data") || one.Took < 10*time.Millisecond || len(one.Stack) == 0 {
		t.Errorf("it is reported as %+v", one)
	}
	close(b.goOn)
	uvtest.Eventually(t, "the callback is reported when it has ended", func() bool { return len(last().Slow) == 2 })
	if one := last().Slow[1]; one.Stuck || one.Loop != "web/0" || one.Took < 10*time.Millisecond {
		t.Errorf("it is reported as %+v", one)
	}
	c.Close()
	uvtest.Check(t, srv.Shutdown(context.Background()))
	<-served
}

func TestTheLastSlowCallbacksAreKept(t *testing.T) {
	s := new(observe.SlowLog)
	for i := range 120 {
		s.Add(observe.Slow{Callback: fmt.Sprint(i)})
	}
	if all := s.Last(); len(all) != 50 || all[0].Callback != "70" || all[49].Callback != "119" {
		t.Errorf("%d are kept: %v", len(all), all)
	}
}
