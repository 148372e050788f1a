// Command bench-echo compares echo servers: uvgo, libuv and epoll in C, package net,
// netpoll and gnet. The server has one core and the load another. ../../README.md
// explains the method and every column.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := parseFlags(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-echo:", err)
		os.Exit(2)
	}
	err = run(ctx, cfg)
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-echo:", err)
		os.Exit(1)
	}
}

// run builds everything, measures, and prints the report.
func run(ctx context.Context, cfg *config) error {
	serverCPU, loadCPU, err := harness.PickCPUs()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "bench-echo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)

	bins, err := build(ctx, cfg.dir, tmp, cfg.servers)
	if err != nil {
		return err
	}
	b := &bench{config: cfg, bins: bins, serverCPU: serverCPU, loadCPU: loadCPU}
	progress("server on CPU %d, load on CPU %d; about %v", serverCPU, loadCPU, cfg.estimate().Round(time.Second))

	res := &results{
		Go: runtime.Version(), CPUs: runtime.NumCPU(), Rounds: cfg.rounds,
		WarmupMS: cfg.warmup.Milliseconds(), DurationMS: cfg.duration.Milliseconds(),
		IdleConns: cfg.idle,
	}
	failed := b.measureAll(ctx, res)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	missed := report(os.Stdout, cfg, res)
	if err := harness.Save(cfg.json, res); err != nil {
		return err
	}
	switch {
	case failed > 0:
		return fmt.Errorf("%d measurements failed", failed)
	case missed > 0 && cfg.check:
		return fmt.Errorf("%d targets missed", missed)
	}
	return nil
}

// progress reports to stderr what is being done.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
