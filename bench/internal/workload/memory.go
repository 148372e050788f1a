package workload

import (
	"context"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/harness"
)

// settle is how long a server gets before its memory is read.
const settle = 500 * time.Millisecond

// memories are what connections cost in resident memory.
func memories() []book.Workload {
	plain := pick(echoServers, quickEcho...)
	overTLS := pick(echoServers, tlsEcho...)
	return []book.Workload{
		{
			Name: "idle", Group: "memory", Title: "memory of an idle connection", Op: "connection", Figure: book.Memory, Subject: "uvgo",
			Method: "A first connection has had an echo, so that what a server allocates once does not count. Then 15,000 connections, or as many as " +
				"the limit of open files allows, have one echo of 64 B each, and stay. Servers in Go return free memory to the system before " +
				"both readings, and those in Python collect garbage.",
			Size: 64, Servers: plain, Loads: []book.Program{loadC}, Fixed: true, Takes: 4 * time.Second,
			Targets: []book.Target{{Over: "libuv", Most: 2.2}, {Over: "net", Most: 0.08}, {Over: "gnet", Most: 1}},
			Run: func(ctx context.Context, p book.Peer, env *book.Env) (book.Sample, error) {
				return env.Serve(ctx, plain[p.Name], []string{"tcp://127.0.0.1:0"}, func(s *book.Server) (book.Sample, error) {
					return growth(ctx, p, s, loadC, func(conns int) []string {
						return []string{"idle", "--conns", strconv.Itoa(conns), "--size", "64", "tcp://" + s.Addr}
					}, env.Idle)
				})
			},
		}, {
			Name: "idle-tls", Group: "memory", Title: "memory of an idle TLS connection", Op: "connection", Figure: book.Memory, Subject: "uvgo",
			Method: "As idle, with echoes of 1 KiB over TLS 1.3 and AES-128.",
			Size:   1 << 10, Servers: overTLS, Loads: []book.Program{loadGo}, Fixed: true, Rounds: 1, Takes: 15 * time.Second,
			Targets: []book.Target{{Over: "net", Most: 0.5}},
			Run: func(ctx context.Context, p book.Peer, env *book.Env) (book.Sample, error) {
				return serveTLS(ctx, p, overTLS[p.Name], env, env.Idle, func(s *book.Server) (book.Sample, error) {
					return growth(ctx, p, s, loadGo, func(conns int) []string {
						return []string{"tls", "-idle", "-conns", strconv.Itoa(conns), s.Addr}
					}, env.Idle)
				})
			},
		},
		slowReaders(plain),
	}
}

// Of slowReaders. A server that takes all keeps floodMiB, in buffers that may be twice as large.
const (
	floodConns = 10
	floodMiB   = 200
)

// slowReaders are peers that send and never read.
func slowReaders(servers map[string]book.Command) book.Workload {
	return book.Workload{
		Name: "slow-readers", Group: "memory", Title: "memory of a connection whose peer does not read", Op: "connection", Figure: book.Memory,
		Subject: "uvgo", Conns: floodConns,
		Method: "Ten clients send all that the echo server takes, and read nothing. They stop when the server has taken nothing for a second, or " +
			"200 MiB in all. A server whose memory grows by about 20 MiB for each has taken them all: a peer decides how much memory it uses.",
		Servers: servers, Loads: []book.Program{loadC}, Fixed: true, Takes: 3 * time.Second,
		Run: func(ctx context.Context, p book.Peer, env *book.Env) (book.Sample, error) {
			return env.Serve(ctx, servers[p.Name], []string{"tcp://127.0.0.1:0"}, func(s *book.Server) (book.Sample, error) {
				return growth(ctx, p, s, loadC, func(conns int) []string {
					if conns == 1 {
						return []string{"idle", "--conns", "1", "tcp://" + s.Addr}
					}
					return []string{"flood", "--conns", strconv.Itoa(conns), "--limit", strconv.Itoa(floodMiB), "tcp://" + s.Addr}
				}, floodConns)
			})
		},
	}
}

// growth is by how much a server's memory grows with each connection of a load that holds them. flags are the load's for so many.
func growth(ctx context.Context, p book.Peer, s *book.Server, load book.Program, flags func(conns int) []string, conns int) (book.Sample, error) {
	var before, after int
	read := func(conns int, rss *int) error {
		return s.Hold(ctx, book.Command{Program: load}, flags(conns), func() (err error) {
			if err := clean(ctx, p, s.PID); err != nil {
				return err
			}
			*rss, _, err = harness.Memory(s.PID)
			return err
		})
	}
	if err := read(1, &before); err != nil {
		return nil, err
	}
	if err := read(conns, &after); err != nil {
		return nil, err
	}
	return book.Sample{book.Memory: float64(max(0, after-before)) / float64(conns)}, nil
}

// clean makes a server that has garbage collect it, and waits until it has.
func clean(ctx context.Context, p book.Peer, pid int) error {
	if p.Language != "C" {
		if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
			return os.NewSyscallError("kill", err)
		}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settle):
		return nil
	}
}
