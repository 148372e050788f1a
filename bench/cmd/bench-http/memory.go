package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
	"github.com/uvgo/uvgo/bench/internal/httpbench"
)

const (
	settle    = 300 * time.Millisecond // for the server to become idle
	openLimit = 2 * time.Minute        // for all idle connections to open
)

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
func (b *bench) hold(ctx context.Context, s scenario, r running, conns int, fn func() error) (err error) {
	stdin, open, err := os.Pipe() // the connections live until open is closed
	if err != nil {
		return err
	}
	defer stdin.Close()
	c, err := harness.Start(ctx, b.cpus[1:], stdin, "idle load", b.bins["load"],
		b.command(s, r, "-idle", "-conns", strconv.Itoa(conns))...)
	if err != nil {
		open.Close()
		return err
	}
	defer func() {
		open.Close()
		select {
		case <-c.Done:
			err = errors.Join(err, c.Err)
		case <-time.After(harness.StopLimit):
			err = errors.Join(err, c.Stop())
		}
	}()
	if _, err := c.Await("ready", openLimit); err != nil {
		return err
	}
	return fn()
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
