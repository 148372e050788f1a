package main

import (
	"context"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// usage returns the CPU time so far of this process, and of the server if its pid is
// known.
func usage(o options) (client, server float64) {
	if d, err := harness.CPUTime(os.Getpid()); err == nil {
		client = d.Seconds()
	}
	if d, err := harness.CPUTime(o.server); o.server != 0 && err == nil {
		server = d.Seconds()
	}
	return client, server
}

// closedLoop runs a goroutine for each connection, which calls op again and again. It
// counts the calls that end within the window after the warm-up.
func closedLoop(ctx context.Context, o options, op func(ctx context.Context, worker int) error) (r result, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		counting atomic.Bool
		wg       sync.WaitGroup
		failed   = make(chan error, o.conns)
		took     = make([][]time.Duration, o.conns)
	)
	for i := range o.conns {
		wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				err := op(ctx, i)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					failed <- err
					cancel()
					return
				}
				if counting.Load() {
					took[i] = append(took[i], time.Since(began))
				}
			}
		})
	}
	wait(ctx, o.warmup)
	client, server := usage(o)
	began := time.Now()
	counting.Store(true)
	wait(ctx, o.duration)
	counting.Store(false)
	r.Seconds = time.Since(began).Seconds()
	r.ClientCPU, r.ServerCPU = usage(o)
	r.ClientCPU, r.ServerCPU = r.ClientCPU-client, r.ServerCPU-server
	cancel()
	wg.Wait()
	select {
	case err := <-failed:
		return r, err
	default:
	}
	all := slices.Concat(took...)
	r.Ops, r.P99 = uint64(len(all)), p99(all)
	return r, nil
}

// p99 in microseconds.
func p99(took []time.Duration) float64 {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return float64(took[len(took)*99/100]) / 1e3
}

// wait sleeps for a duration.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
