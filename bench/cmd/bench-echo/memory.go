package main

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

const (
	settle    = time.Second      // before memory is read
	openLimit = 60 * time.Second // for all idle connections to open
)

// idleResult is the memory of one server with its idle connections, in bytes.
type idleResult struct {
	Server    string `json:"server"`
	Round     int    `json:"round"`
	Conns     int    `json:"conns"`
	RSSBefore int    `json:"rss_before"`
	RSSAfter  int    `json:"rss_after"`
	PSSBefore int    `json:"pss_before"`
	PSSAfter  int    `json:"pss_after"`
}

// rss and pss are bytes for each connection.
func (r idleResult) rss() float64 { return float64(r.RSSAfter-r.RSSBefore) / float64(r.Conns) }
func (r idleResult) pss() float64 { return float64(r.PSSAfter-r.PSSBefore) / float64(r.Conns) }

// measureIdle reads a server's memory before and after its connections open;
// each has echoed one message. A short load on one connection comes first, so
// that what a server allocates once does not count as the connections'.
func (b *bench) measureIdle(ctx context.Context, sc scenario, s serverSpec) (r idleResult, err error) {
	srv, host, port, err := b.startServer(ctx, s)
	if err != nil {
		return r, err
	}
	defer func() {
		if stopErr := srv.Stop(); err == nil {
			err = stopErr
		}
	}()
	pid := srv.PID()
	one := scenario{Size: sc.Size, Conns: 1}
	if _, _, err := b.load(ctx, one, 0, 50*time.Millisecond, pid, host, port); err != nil {
		return r, err
	}
	sleep(ctx, settle)
	r.Conns = b.idle
	if r.RSSBefore, r.PSSBefore, err = harness.Memory(pid); err != nil {
		return r, err
	}

	stdin, hold, err := os.Pipe() // the connections live until hold is closed
	if err != nil {
		return r, err
	}
	defer stdin.Close()
	load, err := harness.Start(ctx, []int{b.loadCPU}, stdin, "load idle", b.bins["load"],
		"idle", "--conns", strconv.Itoa(b.idle), "--size", strconv.Itoa(sc.Size), host, port)
	if err != nil {
		hold.Close()
		return r, err
	}
	defer func() {
		hold.Close()
		load.Stop()
	}()
	if _, err := load.Await("ready", openLimit); err != nil {
		return r, err
	}
	sleep(ctx, settle)
	r.RSSAfter, r.PSSAfter, err = harness.Memory(pid)
	return r, err
}

// sleep waits for d or the context's end.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
