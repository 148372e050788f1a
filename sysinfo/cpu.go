package sysinfo

import (
	"bytes"
	"os"
	"path/filepath"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A CPU describes a processor.
type CPU struct {
	Model string
	MHz   int // 0 if unknown
	Times CPUTimes
}

// CPUTimes says how long a processor has been in each state since the system started.
type CPUTimes struct{ User, Nice, Sys, Idle, IRQ time.Duration }

// CPUs describes the machine's processors, including those that this process may not
// use. ENOTSUP if the system describes them in a form that libuv does not expect. C
// function uv_cpu_info.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_cpu_info
func CPUs() ([]CPU, error) {
	if !frequenciesAreNumbers() {
		return nil, uv.Fail("cpu info", uv.ENOTSUP)
	}
	list, rc := cuv.CPUs()
	if rc < 0 {
		return nil, uv.Check("cpu info", rc)
	}
	cpus := make([]CPU, len(list))
	for i, c := range list {
		cpus[i] = CPU{c.Model, c.MHz, CPUTimes{ms(c.User), ms(c.Nice), ms(c.Sys), ms(c.Idle), ms(c.IRQ)}}
	}
	return cpus, nil
}

func ms(n uint64) time.Duration { return time.Duration(n) * time.Millisecond }

// frequenciesAreNumbers checks Linux's frequency files, because libuv aborts the
// process when it can open but not read one, or when one says "<unknown>".
func frequenciesAreNumbers() bool {
	files, _ := filepath.Glob("/sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if os.IsPermission(err) || os.IsNotExist(err) {
			continue // libuv cannot open it either
		}
		text = bytes.TrimSpace(text)
		if err != nil || len(text) == 0 || text[0] < '0' || text[0] > '9' {
			return false
		}
	}
	return true
}

// LoadAverage returns the average number of runnable processes over the last 1, 5 and
// 15 minutes. C function uv_loadavg.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_loadavg
func LoadAverage() [3]float64 { return cuv.LoadAverage() }

// AvailableParallelism returns how many processors the process may use, at least 1.
// Since version 1.49 libuv respects a cgroup's limit of processor time. So does the
// default of [runtime.GOMAXPROCS], but it is at least 2 then. C function
// uv_available_parallelism.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_available_parallelism
func AvailableParallelism() int { return cuv.AvailableParallelism() }
