package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
	"github.com/uvgo/uvgo/bench/internal/httpbench"
)

// A measurement is one scenario on one server in one round.
type measurement struct {
	Scenario string  `json:"scenario"`
	Server   string  `json:"server"`
	Round    int     `json:"round"`
	Rate     float64 `json:"rate,omitempty"`        // requests a second
	P50      float64 `json:"p50_us,omitempty"`      // of those whose time counts
	P99      float64 `json:"p99_us,omitempty"`      //
	CPU      float64 `json:"cpu_us,omitempty"`      // the server's for each request
	Allocs   float64 `json:"allocs,omitempty"`      // the server's for each request
	Bytes    float64 `json:"alloc_bytes,omitempty"` // of these
	Used     float64 `json:"used,omitempty"`        // share of its CPU that the server used
	Loader   float64 `json:"loader,omitempty"`      // the same of the load
	Others   float64 `json:"others,omitempty"`      // share of both CPUs that other programs used
	Stalled  int     `json:"stalled,omitempty"`     // connections without an answer
	Memory   float64 `json:"memory,omitempty"`      // bytes for each idle connection
}

// short is a measurement in a few characters, for who waits.
func (m measurement) short() string {
	if m.Memory > 0 {
		return harness.Thousands(m.Memory) + " B"
	}
	return harness.Fixed(m.CPU, 1) + " µs"
}

// bench is what every measurement needs.
type bench struct {
	config
	bins    map[string]string // by program
	servers []server          // that are present
	cpus    [2]int            // the server's and the load's
}

// running is a server that runs.
type running struct {
	pid           int
	addr, control string
}

// measure runs one server under one load; each measurement has a fresh server.
func (b *bench) measure(ctx context.Context, s scenario, srv server, first bool) (m measurement, err error) {
	args := []string{"-mode", srv.mode}
	if s.tls {
		args = append(args, "-tls")
	}
	c, err := harness.Start(ctx, b.cpus[:1], nil, srv.name, b.bins[srv.program], append(args, s.work, "127.0.0.1:0")...)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	line, err := c.Await("listening", harness.StartLimit)
	if err != nil {
		return m, err
	}
	r := running{pid: c.PID()}
	if r.addr, r.control, _ = strings.Cut(line, " "); r.control == "" {
		return m, fmt.Errorf("%s printed %q behind listening", srv.name, line)
	}
	if s.idle() {
		m.Memory, err = b.memory(ctx, s, r)
		return m, err
	}
	if b.profile != "" && first {
		defer b.record(ctx, s, srv, r)(&err)
	}
	began, busy := time.Now(), -harness.Others(r.pid, b.cpus[:]...)
	m, loadCPU, err := b.load(ctx, b.command(s, r, "-conns", strconv.Itoa(s.conns), "-depth", strconv.Itoa(max(1, s.depth)),
		"-warmup", b.warmup.String(), "-duration", b.duration.String(), "-server-pid", strconv.Itoa(r.pid), "-control", r.control))
	busy += harness.Others(r.pid, b.cpus[:]...) - loadCPU
	m.Others = max(0, busy.Seconds()/(2*time.Since(began).Seconds()))
	return m, err
}

// record begins to profile a server. What it returns waits for the profile.
func (b *bench) record(ctx context.Context, s scenario, srv server, r running) func(*error) {
	done := make(chan error, 1)
	go func() {
		err := os.MkdirAll(b.profile, 0o755)
		if err == nil {
			name := s.name + "-" + strings.ReplaceAll(srv.name, "/", "-") + ".pprof"
			err = httpbench.Profile(ctx, r.control, b.warmup+b.duration, filepath.Join(b.profile, name))
		}
		done <- err
	}()
	return func(err *error) { *err = errors.Join(*err, <-done) }
}

// command returns the arguments of a scenario's load.
func (b *bench) command(s scenario, r running, flags ...string) []string {
	kind := "http"
	if s.tls {
		kind = "https"
	}
	return append(append([]string{kind, "-work", s.work}, flags...), r.addr)
}

// load runs a load to its end, and returns the CPU time that it took, too.
func (b *bench) load(ctx context.Context, args []string) (m measurement, cpu time.Duration, err error) {
	line, cpu, err := harness.Run(ctx, b.cpus[1:], b.warmup+b.duration+time.Minute, "load", b.bins["load"], args...)
	if err != nil {
		return m, 0, err
	}
	m, err = parseLoad(line)
	return m, cpu, err
}

// parseLoad reads the line that serverload prints.
func parseLoad(line string) (m measurement, err error) {
	l, err := harness.ParseLoad(line)
	if err == nil && l.ServerCPU == 0 {
		err = fmt.Errorf("no CPU time of the server: %q", line)
	}
	if err != nil {
		return m, err
	}
	return measurement{
		Rate: l.Ops / l.Seconds, P50: l.P50, P99: l.P99, CPU: 1e6 * l.ServerCPU / l.Ops, Allocs: l.Allocs, Bytes: l.Bytes,
		Used: l.ServerCPU / l.Seconds, Loader: l.LoaderCPU / l.Seconds, Stalled: l.Stalled,
	}, nil
}
