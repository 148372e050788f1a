package observe

import (
	"os"
	"runtime"
	rmetrics "runtime/metrics"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/sysinfo"
)

// began is about when the process did.
var began = time.Now()

// Process returns what Go and the system know of the process, under the names that Prometheus's own client gives.
func Process() []metrics.Family {
	samples := []rmetrics.Sample{
		{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/total:bytes"}, {Name: "/gc/cycles/total:gc-cycles"},
	}
	rmetrics.Read(samples)
	value := func(i int) float64 {
		if samples[i].Value.Kind() != rmetrics.KindUint64 {
			return 0
		}
		return float64(samples[i].Value.Uint64())
	}
	all := []metrics.Family{
		info("go_info", "The version of Go.", metrics.Label{Name: "version", Value: runtime.Version()}),
		gauge("go_goroutines", "Goroutines.", value(0)),
		gauge("go_memstats_heap_alloc_bytes", "Bytes of objects on the heap.", value(1)),
		gauge("go_memstats_sys_bytes", "Bytes that Go has from the system.", value(2)),
		counter("go_gc_cycles_total", "Garbage collections.", value(3)),
	}
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		all = append(all, counter("process_cpu_seconds_total", "Processor time used.", cpu.Seconds()))
	}
	if rss, err := sysinfo.ResidentSet(); err == nil {
		all = append(all, gauge("process_resident_memory_bytes", "Bytes of memory that the process has in use.", float64(rss)))
	}
	if fds, err := os.ReadDir("/dev/fd"); err == nil {
		all = append(all, gauge("process_open_fds", "Open descriptors.", float64(len(fds)-1))) // one is for this
	}
	return append(all, gauge("process_start_time_seconds", "When the process began, since 1970.", float64(began.UnixMilli())/1000))
}

// info makes a metric that says something by its labels.
func info(name, help string, labels ...metrics.Label) metrics.Family {
	return metrics.Family{Name: name, Help: help, Type: metrics.Gauge, Samples: []metrics.Sample{{Labels: labels, Value: 1}}}
}

func gauge(name, help string, v float64) metrics.Family {
	return metrics.Family{Name: name, Help: help, Type: metrics.Gauge, Samples: []metrics.Sample{{Value: v}}}
}

func counter(name, help string, v float64) metrics.Family {
	return metrics.Family{Name: name, Help: help, Type: metrics.Counter, Samples: []metrics.Sample{{Value: v}}}
}
