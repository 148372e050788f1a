// Command bench-server measures what package server promises: TLS, lines, timeouts and memory,
// each beside the same on package net. ../../README.md says what is measured.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// config is what the flags say.
type config struct {
	dir, only, json          string
	rounds, idleRounds, idle int
	warmup, duration         time.Duration
	check                    bool
}

func main() {
	var cfg config
	flag.StringVar(&cfg.dir, "dir", ".", "the bench `directory`")
	flag.StringVar(&cfg.only, "only", "", "measure only the scenarios whose name matches this `regexp`")
	flag.StringVar(&cfg.json, "json", "", "write each measurement to this `file`")
	flag.IntVar(&cfg.rounds, "rounds", 5, "rounds; each measures every scenario on both servers")
	flag.IntVar(&cfg.idleRounds, "idle-rounds", 2, "in how many of the rounds memory is measured")
	flag.IntVar(&cfg.idle, "idle", 15000, "idle connections; fewer if the limit of open files is lower")
	flag.DurationVar(&cfg.warmup, "warmup", 500*time.Millisecond, "time before each measurement that does not count")
	flag.DurationVar(&cfg.duration, "duration", 1500*time.Millisecond, "length of a measurement")
	flag.BoolVar(&cfg.check, "check", false, "exit with status 1 if a target is missed")
	flag.Parse()
	harness.Main("bench-server", cfg.check, func(ctx context.Context) (int, error) { return run(ctx, cfg) })
}

// run builds, measures and prints; it returns how many targets were missed.
func run(ctx context.Context, cfg config) (missed int, err error) {
	list, err := harness.Select(scenarios, func(s scenario) string { return s.name }, cfg.only, cfg.rounds)
	if err != nil {
		return 0, err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	const others = 200 // descriptors of a server that are no connections
	cfg.idle = min(cfg.idle, int(limit.Cur)-others)
	b := &bench{config: cfg, bins: map[string]string{}}
	if b.cpus[0], b.cpus[1], err = harness.PickCPUs(); err != nil {
		return 0, err
	}
	tmp, err := os.MkdirTemp("", "bench-server-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	if err := b.build(ctx, tmp, list); err != nil {
		return 0, err
	}
	all, err := b.measureAll(ctx, list)
	if err != nil {
		return 0, err
	}
	if err := harness.Save(cfg.json, all); err != nil {
		return 0, err
	}
	return report(os.Stdout, list, all, cfg), nil
}

// build compiles the programs.
func (b *bench) build(ctx context.Context, out string, list []scenario) (err error) {
	builder := harness.NewBuilder(ctx, b.dir, out)
	for _, name := range []string{"serverbench", "serverload"} {
		if b.bins[name], err = builder.Go(name, "./"+name); err != nil {
			return err
		}
	}
	for _, s := range list {
		if s.test == "" {
			continue
		}
		if b.bins[s.name], err = builder.Test(s.name, s.pkg); err != nil {
			return err
		}
	}
	b.bins["load"], err = builder.C("load", false,
		"load.c", "load-dial.c", "load-echo.c", "load-idle.c", "message.c", "common.c")
	return err
}

// measureAll runs the rounds. Both servers are measured within seconds of each other, and
// each round begins with the other one.
func (b *bench) measureAll(ctx context.Context, list []scenario) ([]measurement, error) {
	var all []measurement
	for round := range b.rounds {
		for _, s := range list {
			if s.idle() && round >= b.idleRounds {
				continue
			}
			servers := []server{{name: "uvgo"}} // of a Go benchmark
			if s.servers != nil {
				servers = harness.Rotate(s.servers, round)
			}
			var line strings.Builder
			for _, srv := range servers {
				m, err := b.measure(ctx, s, srv)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", s.name, srv.name, err)
				}
				m.Scenario, m.Server, m.Round = s.name, srv.name, round
				all = append(all, m)
				fmt.Fprintf(&line, "  %s %s", srv.name, harness.Thousands(m.Figure))
			}
			fmt.Fprintf(os.Stderr, "round %d/%d  %s:%s %s\n", round+1, b.rounds, s.name, line.String(), s.unit)
		}
	}
	return all, nil
}
