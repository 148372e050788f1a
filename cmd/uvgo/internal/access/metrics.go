package access

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	_ "github.com/uvgo/uvgo/uv" // so that where uvgo cannot be built, its message is the only one
)

// bounds are the upper ends of the histogram's buckets.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// A histogram counts durations. The last bucket has no upper end.
type histogram struct {
	buckets [len(bounds) + 1]atomic.Uint64
	sum     atomic.Int64
}

func (h *histogram) add(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

// began is about when the process did.
var began = time.Now()

// ServeMetrics answers with the counts, in the text format of Prometheus.
func (m *Monitor) ServeMetrics(w http.ResponseWriter, _ *http.Request) {
	p := new(page)
	s := m.Stats()
	p.head("http_requests_total", "counter", "Requests answered, by the class of their status; none: without an answer.")
	for class, n := range s.Requests {
		name := strconv.Itoa(class) + "xx"
		if class == 0 {
			name = "none"
		}
		p.line(`http_requests_total{class="`+name+`"}`, float64(n))
	}
	p.one("http_response_bytes_total", "counter", "Bytes of the answers' bodies.", float64(s.Bytes))
	p.one("http_requests_in_flight", "gauge", "Requests under way.", float64(s.InFlight))
	p.one("http_connections", "gauge", "Open connections.", float64(s.Conns))
	p.one("http_connections_total", "counter", "Connections accepted.", float64(s.Accepted))
	p.histogram("http_request_duration_seconds", "Time from a request's head to its handler's end.", &m.took)
	p.process()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(p.Bytes()) // a client that has gone needs no answer
}

// A page is the text.
type page struct{ bytes.Buffer }

func (p *page) head(name, kind, help string) {
	fmt.Fprintf(p, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (p *page) line(name string, value float64) {
	p.WriteString(name + " " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

func (p *page) one(name, kind, help string, value float64) {
	p.head(name, kind, help)
	p.line(name, value)
}

// histogram writes the buckets, each with all that are below, and as the count what they add up to: requests that end
// meanwhile are in both or in none.
func (p *page) histogram(name, help string, h *histogram) {
	p.head(name, "histogram", help)
	sum := time.Duration(h.sum.Load())
	n := uint64(0)
	for i, bound := range bounds {
		n += h.buckets[i].Load()
		p.line(name+`_bucket{le="`+strconv.FormatFloat(bound.Seconds(), 'g', -1, 64)+`"}`, float64(n))
	}
	n += h.buckets[len(bounds)].Load()
	p.line(name+`_bucket{le="+Inf"}`, float64(n))
	p.line(name+"_sum", sum.Seconds())
	p.line(name+"_count", float64(n))
}

// process writes what Go and the system know of the process, under the names that Prometheus's own client gives.
func (p *page) process() {
	samples := []metrics.Sample{
		{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/total:bytes"}, {Name: "/gc/cycles/total:gc-cycles"},
	}
	metrics.Read(samples)
	value := func(i int) float64 {
		if samples[i].Value.Kind() != metrics.KindUint64 {
			return 0
		}
		return float64(samples[i].Value.Uint64())
	}
	p.head("go_info", "gauge", "The version of Go.")
	p.line(`go_info{version="`+runtime.Version()+`"}`, 1)
	p.one("go_goroutines", "gauge", "Goroutines.", value(0))
	p.one("go_memstats_heap_alloc_bytes", "gauge", "Bytes of objects on the heap.", value(1))
	p.one("go_memstats_sys_bytes", "gauge", "Bytes that Go has from the system.", value(2))
	p.one("go_gc_cycles_total", "counter", "Garbage collections.", value(3))
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		p.one("process_cpu_seconds_total", "counter", "Processor time used.", cpu.Seconds())
	}
	if fds, err := os.ReadDir("/dev/fd"); err == nil {
		p.one("process_open_fds", "gauge", "Open descriptors.", float64(len(fds)-1)) // one is for this
	}
	p.one("process_start_time_seconds", "gauge", "When the process began, since 1970.", float64(began.UnixMilli())/1000)
}
