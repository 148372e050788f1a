package top

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/observe"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
)

func labels(kv ...string) (all []metrics.Label) {
	for i := 0; i < len(kv); i += 2 {
		all = append(all, metrics.Label{Name: kv[i], Value: kv[i+1]})
	}
	return all
}

// A fake is a program that shows metrics: those of its loops grow by what they are told with each answer.
type fake struct {
	mu      sync.Mutex
	names   []string           // of loops
	turns   map[string]float64 // by which turns_total grows with each answer
	pid     int
	answers int
	slow    []observe.Slow
}

func newFake(names ...string) *fake {
	f := &fake{names: names, pid: 4711, turns: make(map[string]float64)}
	for i, n := range names {
		f.turns[n] = float64(i + 1)
	}
	return f
}

func (f *fake) families() []metrics.Family {
	f.answers++
	n := float64(f.answers)
	turns := metrics.Family{Name: "uvgo_loop_turns_total", Type: metrics.Counter}
	lag := metrics.Family{Name: "uvgo_loop_lag_seconds", Type: metrics.Histogram}
	for i, name := range f.names {
		turns.Samples = append(turns.Samples, metrics.Sample{Labels: labels("loop", name), Value: f.turns[name] * n})
		count := uint64(1000 * n)
		lag.Samples = append(lag.Samples, metrics.Sample{
			Labels: labels("loop", name), Count: count, Sum: n,
			Buckets: []metrics.Bucket{{UpTo: 0.001 * float64(len(f.names)-i), Count: count}, {UpTo: 10, Count: count}},
		})
	}
	return []metrics.Family{turns, lag, {
		Name: "uvgo_server_closed_total", Type: metrics.Counter,
		Samples: []metrics.Sample{{Labels: labels("server", "web", "reason", "by_peer"), Value: 3 * n}},
	}}
}

// ServeHTTP answers as observe.Server does.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.URL.Path {
	case "/metrics":
		_, _ = metrics.WriteText(w, f.families())
	case "/status.json":
		_ = json.NewEncoder(w).Encode(observe.Status{Name: "fake", PID: f.pid, Began: time.Unix(1e9, 0), Now: time.Unix(1e9+90, 0), Slow: f.slow})
	default:
		http.NotFound(w, r)
	}
}

// A host serves a fake at an address that stays while the fake comes and goes.
type host struct {
	t    *testing.T
	addr string
	srv  *http.Server
	done chan struct{}
}

func serve(t *testing.T, f http.Handler) *host {
	t.Helper()
	h := &host{t: t, addr: "127.0.0.1:0"}
	h.begin(f)
	t.Cleanup(h.end)
	return h
}

func (h *host) begin(f http.Handler) {
	h.t.Helper()
	ln := uvtest.Must(net.Listen("tcp", h.addr))
	h.addr = ln.Addr().String()
	h.srv, h.done = &http.Server{Handler: f}, make(chan struct{})
	go func() {
		defer close(h.done)
		_ = h.srv.Serve(ln)
	}()
}

func (h *host) end() {
	_ = h.srv.Close()
	<-h.done
}

// A vt is a terminal's screen, as far as a screen here uses it.
type vt struct {
	mu            sync.Mutex
	rows, columns int
	x, y          int
	cells         [][]rune
	other, hidden bool // the alternate screen, and a hidden cursor
	noWrap        bool
	resized       bool   // what comes may still be for the size before
	pending       string // a sequence whose end is to come
	faults        []string
	raw           strings.Builder
}

func newVT(columns, rows int) *vt {
	v := new(vt)
	v.resize(columns, rows)
	return v
}

func (v *vt) resize(columns, rows int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rows, v.columns, v.resized = rows, columns, true
	v.x, v.y = 0, 0
	v.clear()
}

func (v *vt) clear() {
	v.cells = make([][]rune, v.rows)
	for i := range v.cells {
		v.cells[i] = []rune(strings.Repeat(" ", v.columns))
	}
}

// Write takes what a program writes to the terminal.
func (v *vt) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.raw.Write(p)
	text := []rune(v.pending + string(p))
	v.pending = ""
	for i := 0; i < len(text); {
		switch r := text[i]; {
		case r == '\x1b':
			end := i + 2
			for end < len(text) && (text[end] < 0x40 || text[end] > 0x7e) {
				end++
			}
			if end >= len(text) {
				v.pending = string(text[i:])
				return len(p), nil
			}
			v.sequence(string(text[i+1 : end+1]))
			i = end
		case r == '\ufffd' && i == len(text)-1: // a rune whose rest is to come
			v.pending = string(p[len(p)-1:])
			return len(p), nil
		case r == '\r':
			v.x = 0
		case r == '\n':
			v.y = min(v.y+1, v.rows-1)
		case v.x >= v.columns && v.resized && v.noWrap:
		case v.x >= v.columns:
			v.faults = append(v.faults, fmt.Sprintf("%q is behind the last column", r))
		default:
			v.cells[v.y][v.x] = r
			v.x++
		}
		i++
	}
	return len(p), nil
}

func (v *vt) sequence(s string) {
	var a, b int
	switch {
	case s == "[?1049h" || s == "[?1049l":
		v.other = s[6] == 'h'
		v.clear()
	case s == "[?25h" || s == "[?25l":
		v.hidden = s[4] == 'l'
	case s == "[?7h" || s == "[?7l":
		v.noWrap = s[3] == 'l'
	case s == "[H":
		v.x, v.y = 0, 0
	case s == "[2J":
		v.clear()
		v.resized = false
	case s == "[K":
		for x := v.x; x < v.columns; x++ {
			v.cells[v.y][x] = ' '
		}
	case strings.HasSuffix(s, "m"):
	default:
		if n, _ := fmt.Sscanf(s, "[%d;%dH", &a, &b); n != 2 || a < 1 || b < 1 {
			v.faults = append(v.faults, fmt.Sprintf("sequence %q", s))
			return
		}
		v.y, v.x = a-1, b-1
		if v.y >= v.rows || v.x >= v.columns { // drawn for the size before
			v.y, v.x = min(v.y, v.rows-1), min(v.x, v.columns-1)
		}
	}
}

// text returns the screen, without spaces at the lines' ends.
func (v *vt) text() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var b strings.Builder
	for _, r := range v.cells {
		b.WriteString(strings.TrimRight(string(r), " ") + "\n")
	}
	return b.String()
}
