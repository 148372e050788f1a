package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	gopath "path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/promtext"
	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/workers"
)

// A Crew is the workers of a supervisor. Each shows its own metrics on a socket in a directory, and the crew asks them all.
type Crew struct {
	dir        string
	supervisor *workers.Supervisor
	client     *http.Client

	mu     sync.Mutex
	status workers.Status // the last one that the supervisor has told
}

const (
	workerTimeout = time.Second // within which a worker or the supervisor's loop answers
	maxAnswer     = 16 << 20    // bytes
)

// NewCrew returns the workers of a supervisor, whose environment has the directory as [activation.EnvMetricsDir].
func NewCrew(dir string, s *workers.Supervisor) *Crew {
	return &Crew{dir: dir, supervisor: s, client: &http.Client{Transport: UnixTransport(func(pid string) string {
		n, _ := strconv.Atoi(pid)
		return activation.MetricsPath(dir, n)
	})}}
}

// UnixTransport returns a transport that reaches a host at the path of a unix socket that the function gives.
func UnixTransport(path func(host string) string) *http.Transport {
	return &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			host, _, _ := net.SplitHostPort(addr)
			name := path(host)
			if strings.HasPrefix(name, "@") {
				name = "\x00" + name[1:]
			}
			return new(net.Dialer).DialContext(ctx, "unix", name)
		},
	}
}

// workers returns what the supervisor says, or has said last if its loop does not answer.
func (c *Crew) workers() (workers.Status, bool) {
	type answer struct {
		status workers.Status
		err    error
	}
	got := make(chan answer, 1)
	go func() {
		st, err := c.supervisor.Status()
		got <- answer{st, err}
	}()
	select {
	case a := <-got:
		if a.err == nil {
			c.mu.Lock()
			c.status = a.status
			c.mu.Unlock()
			return a.status, true
		}
	case <-time.After(workerTimeout):
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status, false
}

// ask gets a worker's answer.
func (c *Crew) ask(ctx context.Context, pid int, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, workerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+strconv.Itoa(pid)+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if len(text) > maxAnswer {
		return nil, errors.New("its answer is too long")
	}
	return text, err
}

// each calls fn for all workers at once that have a process, and waits.
func each(all []workers.WorkerStatus, fn func(i int, w workers.WorkerStatus)) {
	var wg sync.WaitGroup
	for i, w := range all {
		if w.PID != 0 {
			wg.Go(func() { fn(i, w) })
		}
	}
	wg.Wait()
}

// families returns the metrics of the supervisor, and of all workers with the labels worker and pid.
func (c *Crew) families(ctx context.Context) []metrics.Family {
	st, alive := c.workers()
	got := make([][]metrics.Family, len(st.Slots))
	up := make([]float64, len(st.Slots))
	each(st.Slots, func(i int, w workers.WorkerStatus) {
		text, err := c.ask(ctx, w.PID, "/metrics")
		if err != nil {
			return
		}
		all, err := promtext.Parse(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		up[i] = 1
		got[i] = labelled(all, workerLabels(w))
	})
	out := supervisorFamilies(st, alive, up)
	for _, all := range got {
		out = append(out, all...)
	}
	return out
}

func workerLabels(w workers.WorkerStatus) []metrics.Label {
	pid := ""
	if w.PID != 0 {
		pid = strconv.Itoa(w.PID)
	}
	return []metrics.Label{{Name: "worker", Value: strconv.Itoa(w.Slot)}, {Name: "pid", Value: pid}}
}

// labelled adds labels to all samples, in place of those of the same name.
func labelled(all []metrics.Family, add []metrics.Label) []metrics.Family {
	for i := range all {
		for k := range all[i].Samples {
			s := &all[i].Samples[k]
			own := slices.DeleteFunc(s.Labels, func(l metrics.Label) bool { return l.Name == add[0].Name || l.Name == add[1].Name })
			s.Labels = append(own[:len(own):len(own)], add...)
		}
	}
	return all
}

// merge puts the samples of the same name together: the format wants each name once.
func merge(all []metrics.Family) (out []metrics.Family) {
	at := make(map[string]int)
	for _, f := range all {
		i, ok := at[f.Name]
		switch {
		case !ok:
			at[f.Name] = len(out)
			out = append(out, f)
		case out[i].Type == f.Type: // else a program means something else by it
			out[i].Samples = append(out[i].Samples[:len(out[i].Samples):len(out[i].Samples)], f.Samples...)
		}
	}
	return out
}

// supervisorFamilies returns what the supervisor knows. up says which workers have told their metrics.
func supervisorFamilies(st workers.Status, alive bool, up []float64) []metrics.Family {
	each := func(name, help string, typ metrics.Type, value func(i int, w workers.WorkerStatus) float64) metrics.Family {
		f := metrics.Family{Name: name, Help: help, Type: typ}
		for i, w := range st.Slots {
			if w.PID != 0 {
				f.Samples = append(f.Samples, metrics.Sample{Labels: workerLabels(w), Value: value(i, w)})
			}
		}
		return f
	}
	state := metrics.Family{Name: "uvgo_worker_state", Help: "The state of each worker, and of each slot without one; always 1.", Type: metrics.Gauge}
	restarts := metrics.Family{Name: "uvgo_worker_restarts_total", Help: "Workers that were started again because they had died.", Type: metrics.Counter}
	last := 0
	for _, w := range st.Slots {
		state.Samples = append(state.Samples, metrics.Sample{Labels: append(workerLabels(w), metrics.Label{Name: "state", Value: w.State}), Value: 1})
		if w.Slot != last { // in a reload a slot has two workers
			restarts.Samples = append(restarts.Samples, metrics.Sample{Labels: workerLabels(w)[:1], Value: float64(w.Restarts)})
		}
		last = w.Slot
	}
	answers := 0.0
	if alive {
		answers = 1
	}
	out := []metrics.Family{
		gauge("uvgo_supervisor_up", "Whether the supervisor's loop answers.", answers),
		info("uvgo_supervisor_state", "The state of all workers together; always 1.", metrics.Label{Name: "state", Value: st.State}),
		gauge("uvgo_supervisor_generation", "Grows with each reload.", float64(st.Generation)),
		gauge("uvgo_supervisor_workers", "How many workers there are to be.", float64(st.Workers)),
		state, restarts,
		each("uvgo_worker_up", "Whether the worker tells its metrics.", metrics.Gauge, func(i int, _ workers.WorkerStatus) float64 { return up[i] }),
		each("uvgo_worker_generation", "The reload from which the worker is.", metrics.Gauge, func(_ int, w workers.WorkerStatus) float64 { return float64(w.Generation) }),
		each("uvgo_worker_age_seconds", "How long the worker has run.", metrics.Gauge, func(_ int, w workers.WorkerStatus) float64 { return w.Age.Seconds() }),
		each("uvgo_worker_resident_bytes", "Bytes of memory that the worker has in use.", metrics.Gauge, func(_ int, w workers.WorkerStatus) float64 { return float64(w.RSS) }),
		each("uvgo_worker_cpu_seconds_total", "Processor time that the worker has used.", metrics.Counter, func(_ int, w workers.WorkerStatus) float64 { return w.CPU.Seconds() }),
	}
	return slices.DeleteFunc(out, func(f metrics.Family) bool { return len(f.Samples) == 0 })
}

// describe adds the workers, and their slow callbacks.
func (c *Crew) describe(ctx context.Context, to *Status) {
	st, _ := c.workers()
	to.Workers = &st
	got := make([][]Slow, len(st.Slots))
	each(st.Slots, func(i int, w workers.WorkerStatus) {
		text, err := c.ask(ctx, w.PID, "/status.json")
		var one Status
		if err != nil || json.Unmarshal(text, &one) != nil {
			return // not a program of ours
		}
		for k := range one.Slow {
			one.Slow[k].Worker = strconv.Itoa(w.Slot)
		}
		got[i] = one.Slow
	})
	for _, all := range got {
		to.Slow = append(to.Slow, all...)
	}
	slices.SortStableFunc(to.Slow, func(a, b Slow) int { return a.At.Compare(b.At) })
	to.Slow = to.Slow[max(0, len(to.Slow)-keptSlow):]
}

// proxy passes /worker/PID/… on to a worker.
func (c *Crew) proxy() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pid, err := strconv.Atoi(r.PathValue("pid"))
		st, _ := c.workers()
		if err != nil || pid <= 0 || !slices.ContainsFunc(st.Slots, func(s workers.WorkerStatus) bool { return s.PID == pid }) {
			http.Error(w, "no worker has this process ID", http.StatusNotFound)
			return
		}
		prefix := "/worker/" + r.PathValue("pid")
		rest := strings.TrimPrefix(r.URL.Path, prefix)
		if strings.HasPrefix(gopath.Clean(rest)+"/", "/debug/") && !isLocal(r) {
			http.Error(w, "/debug/ is for this machine only", http.StatusForbidden)
			return
		}
		for name := range w.Header() { // the worker sends its own
			w.Header().Del(name)
		}
		extend(w, maxProfile+writeTimeout) // the worker has its own limits
		p := httputil.ReverseProxy{
			Transport: c.client.Transport,
			ErrorLog:  quiet,
			Rewrite: func(p *httputil.ProxyRequest) {
				p.Out.URL = &url.URL{Scheme: "http", Host: strconv.Itoa(pid), Path: rest, RawQuery: r.URL.RawQuery}
				p.Out.Host = "localhost"
			},
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
				why := err.Error()
				if errors.Is(err, os.ErrNotExist) {
					why = "it shows no metrics"
				}
				http.Error(w, fmt.Sprintf("worker %d: %s", pid, why), http.StatusBadGateway)
			},
		}
		p.ServeHTTP(w, r)
	})
}
