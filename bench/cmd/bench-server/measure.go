package main

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// A measurement is one scenario on one server in one round.
type measurement struct {
	Scenario string  `json:"scenario"`
	Server   string  `json:"server"`
	Round    int     `json:"round"`
	Figure   float64 `json:"figure"`            // in the scenario's unit
	P99      float64 `json:"p99_us,omitempty"`  // 0: not known
	CPU      float64 `json:"cpu_us,omitempty"`  // the server's for each operation
	Used     float64 `json:"used,omitempty"`    // share of its CPU that the server used
	Loader   float64 `json:"loader,omitempty"`  // the same of the load
	Others   float64 `json:"others,omitempty"`  // share of both CPUs that other programs used
	Stalled  int     `json:"stalled,omitempty"` // connections without a reply
	Idle     int     `json:"idle,omitempty"`    // connections
}

// bench is what every measurement needs.
type bench struct {
	config
	bins map[string]string
	cpus [2]int // the server's and the load's
}

// measure runs one server under one load; each measurement has a fresh server.
func (b *bench) measure(ctx context.Context, s scenario, srv server) (m measurement, err error) {
	if s.servers == nil {
		return b.benchmark(ctx, s)
	}
	c, err := harness.Start(ctx, b.cpus[:1], nil, srv.name, b.bins["serverbench"], append(srv.args, "127.0.0.1:0")...)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	addr, err := c.Await("listening", harness.StartLimit)
	if err != nil {
		return m, err
	}
	if s.idle() {
		return b.memory(ctx, s, c.PID(), addr)
	}
	args, err := b.command(s, addr, "--conns", strconv.Itoa(s.conns), "--server-pid", strconv.Itoa(c.PID()))
	if err != nil {
		return m, err
	}
	began, busy := time.Now(), -harness.Others(c.PID(), b.cpus[:]...)
	m, loadCPU, err := b.load(ctx, args)
	busy += harness.Others(c.PID(), b.cpus[:]...) - loadCPU
	m.Others = max(0, busy.Seconds()/(2*time.Since(began).Seconds()))
	return m, err
}

// command returns the program and arguments of a scenario's load.
func (b *bench) command(s scenario, addr string, flags ...string) ([]string, error) {
	if s.load != "" {
		args := append([]string{b.bins["serverload"], s.load}, flags...)
		if !s.idle() {
			args = append(args, "-warmup", b.warmup.String(), "-duration", b.duration.String())
		}
		return append(args, addr), nil
	}
	host, port, err := net.SplitHostPort(addr)
	args := []string{b.bins["load"]}
	if s.idle() {
		args = append(args, "idle")
	} else {
		args = append(args, "--json", "--warmup", strconv.FormatInt(b.warmup.Milliseconds(), 10),
			"--duration", strconv.FormatInt(b.duration.Milliseconds(), 10))
	}
	args = append(append(args, "--size", strconv.Itoa(s.size)), flags...)
	return append(args, host, port), err
}

// load runs a load to its end, and returns the CPU time that it took, too.
func (b *bench) load(ctx context.Context, args []string) (m measurement, cpu time.Duration, err error) {
	line, cpu, err := harness.Run(ctx, b.cpus[1:], b.warmup+b.duration+time.Minute, "load", args[0], args[1:]...)
	if err != nil {
		return m, 0, err
	}
	m, err = parseLoad(line)
	return m, cpu, err
}

// parseLoad reads the line of either load.
func parseLoad(line string) (m measurement, err error) {
	l, err := harness.ParseLoad(line)
	if err != nil {
		return m, err
	}
	return measurement{
		Figure: l.Ops / l.Seconds, P99: l.P99, CPU: 1e6 * l.ServerCPU / l.Ops,
		Used: l.ServerCPU / l.Seconds, Loader: l.LoaderCPU / l.Seconds, Stalled: l.Stalled,
	}, nil
}

// settle is the time for the server to become idle, and to return what is free.
const settle = time.Second

// memory is what the server's resident memory grows by for each idle connection, each of
// which has had one answer. A few come first, for what is allocated only once.
func (b *bench) memory(ctx context.Context, s scenario, pid int, addr string) (m measurement, err error) {
	const first = 50
	if err := b.hold(ctx, s, addr, first, func() error { return nil }); err != nil {
		return m, err
	}
	before, err := settled(ctx, pid)
	if err != nil {
		return m, err
	}
	m.Idle = b.idle
	err = b.hold(ctx, s, addr, b.idle, func() error {
		after, err := settled(ctx, pid)
		m.Figure = float64(after-before) / float64(b.idle)
		return err
	})
	return m, err
}

// hold opens idle connections, and keeps them while fn runs.
func (b *bench) hold(ctx context.Context, s scenario, addr string, conns int, fn func() error) (err error) {
	flags := []string{"--conns", strconv.Itoa(conns)}
	if s.load != "" {
		flags = append(flags, "-idle")
	}
	args, err := b.command(s, addr, flags...)
	if err != nil {
		return err
	}
	return harness.Hold(ctx, b.cpus[1:], "idle load", args[0], args[1:], fn)
}

// settled has the server return what is free, and reads its resident memory.
func settled(ctx context.Context, pid int) (rss int, err error) {
	sleep(ctx, settle)
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return 0, err
	}
	sleep(ctx, settle)
	rss, _, err = harness.Memory(pid)
	return rss, err
}

// sleep waits for d or the context's end.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
