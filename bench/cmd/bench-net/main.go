// Command bench-net runs the same programs alternately on package net and on uvnet, and
// prints the ratios. ../../README.md says what is measured.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// config is what the flags say.
type config struct {
	dir, only, json  string
	rounds, idle     int
	warmup, duration time.Duration
	bulk             int64
	check            bool
}

func main() {
	var cfg config
	flag.StringVar(&cfg.dir, "dir", ".", "the bench `directory`")
	flag.StringVar(&cfg.only, "only", "", "measure only the scenarios whose name matches this `regexp`")
	flag.StringVar(&cfg.json, "json", "", "write each measurement to this `file`")
	flag.IntVar(&cfg.rounds, "rounds", 5, "rounds; each measures every scenario on both")
	flag.IntVar(&cfg.idle, "idle", 5000, "idle connections")
	flag.DurationVar(&cfg.warmup, "warmup", 500*time.Millisecond, "time before each measurement that does not count")
	flag.DurationVar(&cfg.duration, "duration", 2*time.Second, "length of a measurement")
	flag.Int64Var(&cfg.bulk, "bulk", 1<<30, "bytes of bulk data")
	flag.BoolVar(&cfg.check, "check", false, "exit with status 1 if a target is missed")
	flag.Parse()
	harness.Main("bench-net", cfg.check, func(ctx context.Context) (int, error) { return run(ctx, cfg) })
}

// run builds, measures and prints; it returns how many targets were missed.
func run(ctx context.Context, cfg config) (missed int, err error) {
	list, err := harness.Select(scenarios, func(s scenario) string { return s.name }, cfg.only, cfg.rounds)
	if err != nil {
		return 0, err
	}
	if slices.ContainsFunc(list, func(s scenario) bool { return s.program == "http" && !s.idle }) {
		if _, err := exec.LookPath("wrk"); err != nil {
			return 0, fmt.Errorf("%w: install wrk, or leave http out (-only)", err)
		}
	}
	b := &bench{config: cfg, bins: map[string]string{"wrk": "wrk"}}
	if b.cpus[0], b.cpus[1], err = harness.PickCPUs(); err != nil {
		return 0, err
	}
	tmp, err := os.MkdirTemp("", "bench-net-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	if err := b.build(ctx, tmp); err != nil {
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
func (b *bench) build(ctx context.Context, out string) (err error) {
	builder := harness.NewBuilder(ctx, b.dir, out)
	for _, name := range []string{"echo-net", "echo-uvnet", "netbench"} {
		if b.bins[name], err = builder.Go(name, "./"+name); err != nil {
			return err
		}
	}
	b.bins["load"], err = builder.C("load", false,
		"load.c", "load-dial.c", "load-echo.c", "load-idle.c", "message.c", "common.c")
	return err
}

// measureAll runs the rounds. Both stacks are measured within seconds of each
// other, and each round begins with the other one.
func (b *bench) measureAll(ctx context.Context, list []scenario) ([]measurement, error) {
	var all []measurement
	for round := range b.rounds {
		for _, s := range list {
			line := ""
			for _, stack := range harness.Rotate([]string{"net", "uvnet"}, round) {
				m, err := b.measure(ctx, s, stack)
				if err != nil {
					return nil, fmt.Errorf("%s on %s: %w", s.name, stack, err)
				}
				m.Scenario, m.Stack, m.Round = s.name, stack, round
				all = append(all, m)
				line += fmt.Sprintf("  %s %s", stack, harness.Thousands(m.Rate))
			}
			fmt.Fprintf(os.Stderr, "round %d/%d  %s:%s\n", round+1, b.rounds, s.name, line)
		}
	}
	return all, nil
}
