package main

import (
	"context"
	"strconv"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
	"github.com/uvgo/uvgo/bench/internal/httpbench"
)

// settle is the time for a server to become idle.
const settle = 300 * time.Millisecond

// memory is what the server's resident memory grows by for each idle connection, each of
// which has had one answer. A few come first, for what is allocated only once.
func (b *bench) memory(ctx context.Context, s scenario, r running) (each float64, err error) {
	const first = 50
	if err := b.hold(ctx, s, r, first, func() error { return nil }); err != nil {
		return 0, err
	}
	before, err := settled(ctx, r)
	if err != nil {
		return 0, err
	}
	err = b.hold(ctx, s, r, b.idle, func() error {
		after, err := settled(ctx, r)
		each = float64(after-before) / float64(b.idle)
		return err
	})
	return each, err
}

// hold opens idle connections, and keeps them while fn runs.
func (b *bench) hold(ctx context.Context, s scenario, r running, conns int, fn func() error) error {
	return harness.Hold(ctx, b.cpus[1:], "idle load", b.bins["load"], b.command(s, r, "-idle", "-conns", strconv.Itoa(conns)), fn)
}

// settled has the server return what is free, and reads its resident memory.
func settled(ctx context.Context, r running) (rss int, err error) {
	for range 2 { // the first one ends what the connections left under way
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(settle):
		}
		if err := httpbench.Free(ctx, r.control); err != nil {
			return 0, err
		}
	}
	rss, _, err = harness.Memory(r.pid)
	return rss, err
}
