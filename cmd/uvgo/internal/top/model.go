package top

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/observe"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/workers"
)

// A picture is what has happened between two samples. Numbers that are not known are NaN.
type picture struct {
	name       string
	pid        int
	at         time.Time
	up         time.Duration
	cpu        float64 // processors
	memory     float64 // bytes
	goroutines float64
	files      float64
	loops      []loopRow
	servers    []serverRow
	workers    []workerRow
	crew       *workers.Status // of a supervisor
	slow       []observe.Slow  // the newest first
}

type loopRow struct {
	name                                 string
	lag50, lag99, callback99, idle       float64
	turns, events                        float64 // each second
	handles, queued, posts, slow, panics float64
}

type serverRow struct {
	name                             string
	conns, accepts, requests, flight float64
	p99, in, out, full, dropped      float64
	messages                         float64
	classes, closes                  []named // each second
	closed                           []named // in all
}

type workerRow struct {
	workers.WorkerStatus
	cpu float64 // processors
}

// A named is a number with its name.
type named struct {
	name string
	n    float64
}

// A thing is a loop, a server or a process, with its metrics.
type thing struct {
	name   string
	values map[string]float64
	groups map[string][]named
	hists  map[string]metrics.Sample
}

// things sorts a sample by what it is about: loops, servers and processes, by their labels.
func things(s Sample) (loops, servers, processes *index) {
	loops, servers, processes = newIndex(), newIndex(), newIndex()
	for _, f := range s.Families {
		in, short := processes, f.Name
		for prefix, to := range map[string]*index{"uvgo_loop_": loops, "uvgo_server_": servers, "uvgo_http_": servers, "uvgo_net_": servers} {
			if rest, ok := strings.CutPrefix(f.Name, prefix); ok {
				in, short = to, rest
				if prefix == "uvgo_http_" {
					short = "http_" + rest
				}
			}
		}
		for _, sample := range f.Samples {
			in.of(sample.Labels).add(short, sample, f.Type)
		}
	}
	return loops, servers, processes
}

// An index has things by their labels, in their order.
type index struct {
	by    map[string]*thing
	order []string
}

func newIndex() *index { return &index{by: make(map[string]*thing)} }

// of returns the thing that the labels name.
func (x *index) of(labels []metrics.Label) *thing {
	name, worker, pid := "", "", ""
	for _, l := range labels {
		switch l.Name {
		case "loop", "server", "net":
			name = l.Value
		case "worker":
			worker = l.Value
		case "pid":
			pid = l.Value
		}
	}
	key := name + "\x00" + worker + "\x00" + pid
	t := x.by[key]
	if t == nil {
		t = &thing{values: make(map[string]float64), groups: make(map[string][]named), hists: make(map[string]metrics.Sample)}
		if t.name = clean(name); worker != "" {
			t.name = clean(worker) + ":" + t.name
		}
		x.by[key] = t
		x.order = append(x.order, key)
	}
	return t
}

func (t *thing) add(name string, s metrics.Sample, typ metrics.Type) {
	if typ == metrics.Histogram {
		t.hists[name] = s
		return
	}
	for _, l := range s.Labels {
		switch l.Name {
		case "kind", "reason", "class", "result", "by":
			t.groups[name] = append(t.groups[name], named{clean(l.Value), s.Value})
			return
		}
	}
	t.values[name] = s.Value
}

// now returns a value, NaN if it is not there. A thing may be nil.
func (t *thing) now(name string) float64 {
	if t != nil {
		if v, ok := t.values[name]; ok {
			return v
		}
	}
	return math.NaN()
}

// A change is a thing at two times.
type change struct {
	old, new *thing // old is nil if it is new
	seconds  float64
}

// rate returns by how much a counter has grown a second. One that falls has begun anew.
func (c change) rate(name string) float64 {
	now := c.new.now(name)
	then := c.old.now(name)
	if c.old == nil || now < then {
		return 0 * now // NaN stays NaN
	}
	return (now - then) / c.seconds
}

// rates is rate for each member of a group. Those that stay the same are left out.
func (c change) rates(name string) (all []named) {
	for _, now := range c.new.groups[name] {
		if c.old == nil {
			continue
		}
		then := 0.0
		for _, n := range c.old.groups[name] {
			if n.name == now.name {
				then = n.n
			}
		}
		if now.n > then {
			all = append(all, named{now.name, (now.n - then) / c.seconds})
		}
	}
	return all
}

// quantile estimates a quantile of the values that a histogram has got, as Prometheus's histogram_quantile does. NaN if there were none.
func (c change) quantile(name string, q float64) float64 {
	now, ok := c.new.hists[name]
	if !ok || c.old == nil {
		return math.NaN()
	}
	then := c.old.hists[name]
	before := func(i int) uint64 {
		if i < len(then.Buckets) {
			return then.Buckets[i].Count
		}
		return 0
	}
	total := now.Count - min(then.Count, now.Count)
	if total == 0 {
		return math.NaN()
	}
	low, below, rank := 0.0, 0.0, q*float64(total)
	for i, b := range now.Buckets {
		n := float64(b.Count - min(before(i), b.Count))
		if n >= rank && n > below {
			return low + (b.UpTo-low)*(rank-below)/(n-below)
		}
		low, below = b.UpTo, n
	}
	return low
}

// compare makes a picture of two samples.
func compare(old, now Sample) picture {
	seconds := max(now.At.Sub(old.At).Seconds(), 1e-3)
	p := picture{name: "?", at: now.At}
	loops, servers, processes := things(now)
	oldLoops, oldServers, oldProcesses := things(old)
	for _, key := range loops.order {
		p.loops = append(p.loops, loopOf(change{oldLoops.by[key], loops.by[key], seconds}))
	}
	for _, key := range servers.order {
		p.servers = append(p.servers, serverOf(change{oldServers.by[key], servers.by[key], seconds}))
	}
	own := processes.of(nil)
	p.cpu = change{oldProcesses.by["\x00\x00"], own, seconds}.rate("process_cpu_seconds_total")
	p.memory = own.now("process_resident_memory_bytes")
	p.goroutines, p.files = own.now("go_goroutines"), own.now("process_open_fds")
	if began := own.now("process_start_time_seconds"); began > 0 {
		p.up = now.At.Sub(time.UnixMilli(int64(began * 1000)))
	}
	if st := now.Status; st != nil {
		p.name, p.pid, p.up = clean(st.Name), st.PID, st.Now.Sub(st.Began)
		p.slow = slices.Clone(st.Slow)
		slices.Reverse(p.slow)
		p.crew = st.Workers
		p.workers = crewOf(old.Status, st, seconds)
	}
	return p
}

func loopOf(c change) loopRow {
	r := loopRow{
		name: c.new.name, lag50: c.quantile("lag_seconds", 0.5), lag99: c.quantile("lag_seconds", 0.99), callback99: c.quantile("callback_seconds", 0.99),
		turns: c.rate("turns_total"), events: c.rate("events_total"), queued: c.new.now("unsent_bytes"), posts: c.new.now("queue_length"),
		slow: c.new.now("slow_callbacks_total"), panics: c.new.now("panics_total"),
	}
	busy, idle := c.rate("busy_seconds_total"), c.rate("idle_seconds_total")
	r.idle = idle / (busy + idle) // NaN: it has done nothing that is known
	for _, n := range c.new.groups["handles"] {
		r.handles += n.n
	}
	return r
}

func serverOf(c change) serverRow {
	r := serverRow{
		name: c.new.name, conns: c.new.now("connections"), accepts: c.rate("accepted_total"), flight: c.new.now("http_requests_in_flight"),
		p99: c.quantile("http_request_seconds", 0.99), in: c.rate("received_bytes_total"), out: c.rate("written_bytes_total"),
		full: c.new.now("full_connections"), dropped: c.new.now("dropped_total"), messages: c.rate("messages_total"),
		classes: c.rates("http_requests_total"), closes: c.rates("closed_total"), requests: math.NaN(),
	}
	if _, ok := c.new.groups["opened_total"]; ok { // of uvnet
		r.accepts = 0
		for _, n := range c.rates("opened_total") {
			if n.name == "accept" {
				r.accepts = n.n
			}
		}
	}
	if len(c.new.groups["http_requests_total"]) > 0 {
		r.requests = 0
	}
	for _, n := range r.classes {
		r.requests += n.n
	}
	for _, n := range c.new.groups["closed_total"] {
		if n.n > 0 {
			r.closed = append(r.closed, n)
		}
	}
	slices.SortStableFunc(r.closed, func(a, b named) int { return cmp.Compare(b.n, a.n) })
	return r
}

// crewOf returns the workers, with the processors that they have used.
func crewOf(old, now *observe.Status, seconds float64) (all []workerRow) {
	if now.Workers == nil {
		return nil
	}
	then := make(map[int]time.Duration)
	if old != nil && old.Workers != nil {
		for _, w := range old.Workers.Slots {
			then[w.PID] = w.CPU
		}
	}
	for _, w := range now.Workers.Slots {
		r := workerRow{w, math.NaN()}
		if before, ok := then[w.PID]; ok && w.PID != 0 {
			r.cpu = (w.CPU - before).Seconds() / seconds
		}
		all = append(all, r)
	}
	return all
}

// identity tells processes apart: their counters are not to be compared.
func identity(s Sample) string {
	if s.Status != nil {
		return strconv.Itoa(s.Status.PID) + " " + s.Status.Began.String()
	}
	_, _, processes := things(s)
	return strconv.FormatFloat(processes.of(nil).now("process_start_time_seconds"), 'f', -1, 64)
}
