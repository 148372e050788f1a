// Command bench-http compares HTTP servers: uvhttp, net/http, fasthttp, nbio, and package server with an answer that
// never changes. ../../README.md says what is measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// config is what the flags say.
type config struct {
	dir, only, servers, json, profile string
	rounds, idleRounds, idle          int
	warmup, duration                  time.Duration
	quick, check                      bool
}

func main() {
	var cfg config
	flag.StringVar(&cfg.dir, "dir", ".", "the bench `directory`")
	flag.StringVar(&cfg.only, "only", "", "measure only the scenarios whose name matches this `regexp`")
	flag.StringVar(&cfg.servers, "servers", "", "measure only these servers, by a comma-separated `list`")
	flag.StringVar(&cfg.json, "json", "", "write each measurement to this `file`")
	flag.StringVar(&cfg.profile, "profile", "", "write a CPU profile of each server in its first round to this `directory`; it costs the server some CPU time")
	flag.IntVar(&cfg.rounds, "rounds", 9, "rounds; each measures every scenario on its servers")
	flag.IntVar(&cfg.idleRounds, "idle-rounds", 2, "in how many of the rounds memory is measured")
	flag.IntVar(&cfg.idle, "idle", 5000, "idle connections; fewer if the limit of open files is lower")
	flag.DurationVar(&cfg.warmup, "warmup", 200*time.Millisecond, "time before each measurement that does not count")
	flag.DurationVar(&cfg.duration, "duration", 400*time.Millisecond, "length of a measurement; many short ones bear a machine whose speed changes better than a few long ones")
	flag.BoolVar(&cfg.quick, "quick", false, "one short round, for a first look")
	flag.BoolVar(&cfg.check, "check", false, "exit with status 1 if a target is missed")
	flag.Parse()
	if cfg.quick {
		cfg.rounds, cfg.idle, cfg.warmup, cfg.duration = 1, min(cfg.idle, 2000), 150*time.Millisecond, 400*time.Millisecond
	}
	harness.Main("bench-http", cfg.check, func(ctx context.Context) (int, error) { return run(ctx, cfg) })
}

// run builds, measures and prints, when it is interrupted what it has measured so far; it returns how many targets were missed.
func run(ctx context.Context, cfg config) (missed int, err error) {
	list, err := harness.Select(scenarios, func(s scenario) string { return s.name }, cfg.only, cfg.rounds)
	if err != nil {
		return 0, err
	}
	asked, err := chosen(cfg.servers)
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
	tmp, err := os.MkdirTemp("", "bench-http-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	if err := b.build(ctx, tmp, asked); err != nil {
		return 0, err
	}
	r := &results{config: cfg, list: list, about: about(ctx, b)}
	r.failed = b.measureAll(ctx, list, r)
	if ctx.Err() != nil && len(r.all) == 0 {
		return 0, ctx.Err()
	}
	if err := harness.Save(cfg.json, r.all); err != nil {
		return 0, err
	}
	return r.report(os.Stdout), errors.Join(append(r.failed, ctx.Err())...)
}

// chosen returns the servers that a list names; all for an empty one.
func chosen(names string) ([]server, error) {
	if names == "" {
		return servers, nil
	}
	var list []server
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(servers, func(s server) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-servers: no server %q", name)
		}
		list = append(list, servers[i])
	}
	return list, nil
}

// build compiles the programs. A server that cannot be built is absent.
func (b *bench) build(ctx context.Context, out string, asked []server) (err error) {
	builder := harness.NewBuilder(ctx, b.dir, out)
	if b.bins["load"], err = builder.Go("serverload", "./serverload"); err != nil {
		return err
	}
	for _, s := range asked {
		if b.bins[s.program] == "" {
			if b.bins[s.program], err = builder.Go(s.program, "./"+s.program); err != nil {
				fmt.Fprintf(os.Stderr, "%s is absent: %v\n", s.name, err)
				b.bins[s.program] = missing
			}
		}
		if b.bins[s.program] != missing {
			b.servers = append(b.servers, s)
		}
	}
	return ctx.Err()
}

// missing stands for the path of a program that cannot be built.
const missing = "-"

// measureAll runs the rounds. The servers are measured within seconds of each other, and each
// round begins with another one. A measurement that fails does not end the run.
func (b *bench) measureAll(ctx context.Context, list []scenario, r *results) (failed []error) {
	for round := range b.rounds {
		for _, s := range list {
			if s.idle() && round >= b.idleRounds {
				continue
			}
			present := slices.DeleteFunc(slices.Clone(b.servers), func(srv server) bool { return !slices.Contains(s.servers, srv.name) })
			if len(present) == 0 {
				continue
			}
			var line strings.Builder
			for _, srv := range harness.Rotate(present, round) {
				m, err := b.measure(ctx, s, srv, round == 0)
				if ctx.Err() != nil {
					return failed
				}
				if err != nil {
					failed = append(failed, fmt.Errorf("%s, %s, round %d: %w", s.name, srv.name, round+1, err))
					fmt.Fprintln(os.Stderr, failed[len(failed)-1])
					continue
				}
				m.Scenario, m.Server, m.Round = s.name, srv.name, round
				r.all = append(r.all, m)
				fmt.Fprintf(&line, "  %s %s", srv.name, m.short())
			}
			fmt.Fprintf(os.Stderr, "round %d/%d  %s:%s\n", round+1, b.rounds, s.name, line.String())
		}
	}
	return failed
}
