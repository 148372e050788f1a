package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// A measurement is one scenario on one stack in one round.
type measurement struct {
	Scenario string  `json:"scenario"`
	Stack    string  `json:"stack"`
	Round    int     `json:"round"`
	Rate     float64 `json:"rate"`             // a second; of idle connections: bytes for each
	P99      float64 `json:"p99_us,omitempty"` // 0: not known
	CPU      float64 `json:"cpu_us,omitempty"` // for each operation
}

// bench is what every measurement needs.
type bench struct {
	config
	bins map[string]string
	cpus [2]int
}

// measure runs one server under one load; each measurement has a fresh server.
func (b *bench) measure(ctx context.Context, s scenario, stack string) (m measurement, err error) {
	serverCPUs, loadCPUs := b.cpus[:1], b.cpus[1:]
	if s.procs == 2 {
		serverCPUs, loadCPUs = b.cpus[:], b.cpus[:]
	}
	bin, args := b.bins["netbench"], []string{stack, s.program}
	if s.program == "echo" {
		bin, args = b.bins["echo-"+stack], nil
	}
	srv, err := harness.Start(ctx, serverCPUs, nil, s.program, bin, append(args, "127.0.0.1:0")...)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, srv.Stop()) }()
	addr, err := srv.Await("listening", harness.StartLimit)
	if err != nil {
		return m, err
	}
	l := &load{b, s, stack, srv.PID(), addr, loadCPUs}
	switch {
	case s.idle:
		return l.idle(ctx)
	case s.client == "load":
		return l.echo(ctx)
	case s.client == "wrk":
		return l.wrk(ctx)
	}
	return l.client(ctx)
}

// A load is what one measurement's clients need.
type load struct {
	*bench
	s     scenario
	stack string
	pid   int // the server's
	addr  string
	cpus  []int
}

// run runs a client to its end and returns its first line.
func (l *load) run(ctx context.Context, name string, args ...string) (string, error) {
	line, _, err := harness.Run(ctx, l.cpus, l.warmup+l.duration+time.Minute, name, l.bins[name], args...)
	return line, err
}

// echo is the closed loop of the load generator in C, which checks every byte.
func (l *load) echo(ctx context.Context) (m measurement, err error) {
	host, port, err := net.SplitHostPort(l.addr)
	if err != nil {
		return m, err
	}
	line, err := l.run(ctx, "load", "--conns", strconv.Itoa(l.s.conns), "--size", "64",
		"--warmup", strconv.FormatInt(l.warmup.Milliseconds(), 10),
		"--duration", strconv.FormatInt(l.duration.Milliseconds(), 10),
		"--server-pid", strconv.Itoa(l.pid), "--json", host, port)
	if err != nil {
		return m, err
	}
	r, err := harness.ParseLoad(line)
	return measurement{Rate: r.Ops / r.Seconds, P99: r.P99, CPU: 1e6 * r.ServerCPU / r.Ops}, err
}

// client is one of netbench's.
func (l *load) client(ctx context.Context) (m measurement, err error) {
	stack := "net"
	if l.s.both {
		stack = l.stack
	}
	line, err := l.run(ctx, "netbench", stack, l.s.client, "-conns", strconv.Itoa(l.s.conns),
		"-warmup", l.warmup.String(), "-duration", l.duration.String(), "-bytes", strconv.FormatInt(l.bulk, 10),
		"-server-pid", strconv.Itoa(l.pid), l.addr)
	if err != nil {
		return m, err
	}
	r, err := harness.ParseLoad(line)
	if err != nil {
		return m, err
	}
	cpu := r.ServerCPU
	if l.s.both {
		cpu += r.LoaderCPU
	}
	return measurement{Rate: r.Ops / r.Seconds, P99: r.P99, CPU: 1e6 * cpu / r.Ops}, nil
}

// idle is the memory for each connection that has had one answer.
func (l *load) idle(ctx context.Context) (m measurement, err error) {
	before, err := l.settled(ctx)
	if err != nil {
		return m, err
	}
	args := []string{"net", "idle", "-conns", strconv.Itoa(l.config.idle), l.addr}
	err = harness.Hold(ctx, l.cpus, "idle", l.bins["netbench"], args, func() error {
		after, err := l.settled(ctx)
		m.Rate = float64(after-before) / float64(l.config.idle)
		return err
	})
	return m, err
}

// settled asks the server to return what is free, and reads its memory.
func (l *load) settled(ctx context.Context) (rss int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.addr+"/settle", nil)
	if err != nil {
		return 0, err
	}
	for range 2 { // the second takes what the first one's finalizers freed
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		resp.Body.Close()
	}
	rss, _, err = harness.Memory(l.pid)
	return rss, err
}
