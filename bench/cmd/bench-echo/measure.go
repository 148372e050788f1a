package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// measurement is one server under one scenario in one round.
type measurement struct {
	Scenario string       `json:"scenario"`
	Server   string       `json:"server"`
	Round    int          `json:"round"`
	Load     harness.Load `json:"load"`
	// Others is the share of the two CPUs' time that neither the server nor
	// the load generator had: other programs, and the hypervisor.
	Others float64    `json:"others"`
	Loop   *loopStats `json:"loop,omitempty"`
}

// bench is what every measurement needs.
type bench struct {
	*config
	bins               map[string]string
	serverCPU, loadCPU int
}

// startServer starts a server and returns the host and port it listens on.
func (b *bench) startServer(ctx context.Context, s serverSpec) (c *harness.Child, host, port string, err error) {
	args := append(append([]string{}, s.Args...), "127.0.0.1:0")
	c, err = harness.Start(ctx, []int{b.serverCPU}, nil, s.Name, b.bins[s.program()], args...)
	if err != nil {
		return nil, "", "", err
	}
	addr, err := c.Await("listening", harness.StartLimit)
	if err == nil {
		host, port, err = net.SplitHostPort(addr)
	}
	if err != nil {
		c.Stop()
		return nil, "", "", err
	}
	return c, host, port, nil
}

// load runs the load generator to its end against a server; it also returns
// the CPU time of the load generator's whole life.
func (b *bench) load(ctx context.Context, sc scenario, warmup, duration time.Duration,
	pid int, host, port string) (r harness.Load, cpu time.Duration, err error) {

	args := []string{"--conns", strconv.Itoa(sc.Conns), "--size", strconv.Itoa(sc.Size),
		"--warmup", strconv.FormatInt(warmup.Milliseconds(), 10),
		"--duration", strconv.FormatInt(duration.Milliseconds(), 10),
		"--server-pid", strconv.Itoa(pid), "--json"}
	if b.spin {
		args = append(args, "--spin")
	}
	c, err := harness.Start(ctx, []int{b.loadCPU}, nil, "load", b.bins["load"], append(args, host, port)...)
	if err != nil {
		return r, 0, err
	}
	select {
	case <-c.Done:
	case <-time.After(warmup + duration + harness.StartLimit):
		c.Stop()
		return r, 0, fmt.Errorf("load did not end in time")
	}
	if c.Err != nil {
		return r, 0, fmt.Errorf("load: %w: %s", c.Err, c.Stderr())
	}
	r, err = harness.ParseLoad(<-c.Line)
	return r, c.CPU(), err
}

// measure runs one server under one load; each measurement has a fresh server.
func (b *bench) measure(ctx context.Context, sc scenario, s serverSpec) (m measurement, err error) {
	srv, host, port, err := b.startServer(ctx, s)
	if err != nil {
		return m, err
	}
	defer func() {
		if stopErr := srv.Stop(); err == nil {
			err = stopErr
		}
		m.Loop = statsOf(srv)
	}()

	pid := srv.PID()
	began := time.Now()
	busy := -b.used(pid)
	var loadCPU time.Duration
	m.Load, loadCPU, err = b.load(ctx, sc, b.warmup, b.duration, pid, host, port)
	if err != nil {
		return m, err
	}
	busy += b.used(pid) - loadCPU
	m.Others = max(0, busy.Seconds()/(2*time.Since(began).Seconds()))
	return m, nil
}

// used is the two CPUs' busy time that is not the server's, so far.
func (b *bench) used(pid int) time.Duration {
	busy, err1 := harness.BusyTime(b.serverCPU, b.loadCPU)
	server, err2 := harness.CPUTime(pid)
	if err1 != nil || err2 != nil {
		return 0
	}
	return busy - server
}

// loopStats is what a server may print to stderr as a line of JSON.
type loopStats struct {
	Turns     uint64 `json:"turns"`
	Crossings uint64 `json:"crossings"`
	Events    uint64 `json:"events"`
}

// statsOf is the last such line of a server, nil if there is none.
func statsOf(c *harness.Child) *loopStats {
	var last *loopStats
	for line := range strings.Lines(c.Stderr()) {
		var s loopStats
		if json.Unmarshal([]byte(line), &s) == nil && s.Crossings > 0 {
			last = &s
		}
	}
	return last
}
