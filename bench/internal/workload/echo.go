package workload

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// echoServers are the echo servers by the names of their peers. They take an address with a scheme.
var echoServers = map[string]book.Command{
	"uvgo": goServer("echo-uvgo"), "uvnet": goServer("echo-uvnet"), "net": goServer("echo-net"),
	"netpoll": goServer("echo-netpoll"), "gnet": goServer("echo-gnet"), "nbio": goServer("echo-nbio"),
	"epoll": cServer("echo-epoll", false), "libuv": cServer("echo-libuv", true),
	"asyncio-streams":  python("echo", "--style", "streams"),
	"asyncio-protocol": python("echo", "--style", "protocol"),
	"uvloop-streams":   python("echo", "--loop", "uvloop", "--style", "streams"),
	"uvloop-protocol":  python("echo", "--loop", "uvloop", "--style", "protocol"),
}

// Peers of workloads.
var (
	everyEcho = []string{
		"uvgo", "uvnet", "epoll", "libuv", "net", "netpoll", "gnet", "nbio",
		"asyncio-streams", "asyncio-protocol", "uvloop-streams", "uvloop-protocol",
	}
	targetEcho = []string{"uvgo", "epoll", "libuv", "net", "gnet", "asyncio-streams", "uvloop-streams", "uvloop-protocol"}
	quickEcho  = []string{"uvgo", "uvnet", "epoll", "libuv", "net", "netpoll", "gnet", "nbio", "asyncio-streams", "uvloop-protocol"}
)

// methodEcho is how messages are echoed.
const methodEcho = "Each connection sends a message, waits for the whole echo, compares every byte, and sends the next one."

// An exchange is a closed loop of messages that an echo server returns.
type exchange struct {
	scheme      string // tcp, udp or unix; empty is tcp
	size, conns int
	depth       int  // messages under way on a connection; 0 is 1
	churn       bool // a connection for each message
	peers       []string
}

// echoes are the closed loops of messages of several sizes on several numbers of connections.
func echoes() []book.Workload {
	// least are the bounds of the issue that set the targets.
	least := func(libuv, net, gnet float64, more ...book.Target) []book.Target {
		return append([]book.Target{{Over: "libuv", Least: libuv}, {Over: "net", Least: net}, {Over: "gnet", Least: gnet}}, more...)
	}
	over := func(peer string, bound float64) book.Target { return book.Target{Over: peer, Least: bound} }
	thousand := least(1, 1.3, 1.5, over("uvloop-protocol", 1.1), over("uvloop-streams", 1.6), over("asyncio-streams", 2.2))
	var list []book.Workload
	for _, e := range []struct {
		exchange
		targets []book.Target
		quick   bool
	}{
		{exchange{size: 64, conns: 1, peers: everyEcho}, nil, false},
		{exchange{size: 64, conns: 100, peers: everyEcho},
			least(1, 1.3, 1.5, over("uvloop-protocol", 1.1), over("uvloop-streams", 1.4), over("asyncio-streams", 1.9)), true},
		{exchange{size: 64, conns: 1000, peers: everyEcho}, thousand, true},
		{exchange{size: 64, conns: 10_000, peers: quickEcho}, least(1, 1.4, 1.4), false},
		{exchange{size: 1 << 10, conns: 100, peers: targetEcho}, nil, false},
		{exchange{size: 1 << 10, conns: 1000, peers: targetEcho}, thousand, false},
		{exchange{size: 10 << 10, conns: 100, peers: quickEcho}, nil, false},
		{exchange{size: 100 << 10, conns: 100, peers: append(quickEcho[:len(quickEcho):len(quickEcho)], "uvloop-streams")},
			least(1, 1.1, 1.1, over("uvloop-protocol", 1.1), over("uvloop-streams", 1.5)), true},
	} {
		w := e.workload("echo")
		w.Name = fmt.Sprintf("echo-%s-%d", sizeName(e.size), e.conns)
		w.Title = fmt.Sprintf("echo of %s, %s", sizeTitle(e.size), connsTitle(e.conns))
		w.Method = methodEcho
		w.Targets, w.Quick = e.targets, e.quick
		list = append(list, w)
	}
	// The claim with which this book began is a row of it: uvloop is 2.7 times as fast as asyncio.
	for i := range list {
		if w := &list[i]; w.Name == "echo-64B-1000" {
			w.Note = "uvloop's own claim is the ratio of its streams to asyncio's: some 2.7."
		}
	}
	return list
}

// streams are the other ways to use a stream.
func streams() []book.Workload {
	targets := []book.Target{{Over: "libuv", Least: 0.95}, {Over: "net", Least: 1.2}}
	pipelined := exchange{size: 64, conns: 100, depth: 16, peers: quickEcho}.workload("pipelined")
	pipelined.Name, pipelined.Title = "pipelined-64B-100", "echo of 64 B, 100 connections, 16 messages under way on each"
	pipelined.Method = "Each connection has 16 messages under way. It compares every byte that comes back, and at once sends as many messages, " +
		"in one call, as have come back whole."
	pipelined.Targets = targets

	bulk := exchange{size: 64 << 10, conns: 1, depth: 16, peers: quickEcho}.workload("bulk")
	bulk.Name, bulk.Title, bulk.Op = "bulk-64KiB-1", "one connection with 1 MiB under way", "64 KiB"
	bulk.Method = "One connection sends and receives as much as it can. At most 1 MiB has not come back yet; every byte is compared."

	churn := exchange{size: 64, conns: 100, churn: true, peers: quickEcho}.workload("churn")
	churn.Name, churn.Title, churn.Op = "churn-100", "a connection for each message, 100 at a time", "connection"
	churn.Method = "100 clients each connect, send 64 B, compare the echo, and close by a reset, which leaves no port in TIME_WAIT; then they " +
		"connect again. The kernel makes much of a connection on the client's CPU, so the load is often the limit: compare the CPU time."
	churn.Targets = targets

	local := exchange{scheme: "unix", size: 64, conns: 100, peers: quickEcho}.workload("unix")
	local.Name, local.Title = "unix-64B-100", "echo of 64 B on unix sockets, 100 connections"
	local.Method = methodEcho
	local.Targets = targets
	return []book.Workload{pipelined, bulk, churn, local}
}

// datagrams are UDP.
func datagrams() []book.Workload {
	udp := exchange{scheme: "udp", size: 64, conns: 100, peers: []string{
		"uvgo", "uvnet", "epoll", "libuv", "net", "gnet", "nbio", "asyncio-protocol", "uvloop-protocol",
	}}.workload("udp")
	udp.Name, udp.Title = "udp-64B-100", "UDP echo of 64 B, 100 sockets"
	udp.Method = "Each socket sends a datagram, waits for its echo, compares every byte, and sends the next one. A datagram without an answer " +
		"after 200 ms is lost, and counts for nothing."
	udp.Targets = []book.Target{{Over: "libuv", Least: 0.95}, {Over: "net", Least: 1.2}}
	return []book.Workload{udp}
}

// workload makes the workload, but for its name, title and method.
func (e exchange) workload(group string) book.Workload {
	e.depth = max(e.depth, 1)
	servers := pick(echoServers, e.peers...)
	takes := 300 * time.Millisecond
	if e.conns >= 10_000 {
		takes = 2 * time.Second
	}
	return book.Workload{
		Group: group, Op: "echo", Size: e.size, Conns: e.conns, Depth: e.depth, Subject: "uvgo",
		Servers: servers, Loads: []book.Program{loadC}, Takes: takes,
		Run: func(ctx context.Context, p book.Peer, env *book.Env) (book.Sample, error) {
			return e.run(ctx, servers[p.Name], env)
		},
	}
}

// run measures one server once.
func (e exchange) run(ctx context.Context, server book.Command, env *book.Env) (book.Sample, error) {
	if err := descriptors(e.conns); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-echo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var args []string
	if e.size >= 16<<10 && server.Program.Go != "" {
		args = append(args, "-buffer", strconv.Itoa(64<<10))
	}
	prefix, listen := "tcp://", "tcp://127.0.0.1:0"
	switch e.scheme {
	case "udp":
		prefix, listen = "udp://", "udp://127.0.0.1:0"
	case "unix":
		prefix, listen = "unix://", "unix://"+filepath.Join(dir, "socket")
	}
	return env.Serve(ctx, server, append(args, listen), func(s *book.Server) (book.Sample, error) {
		flags := append(s.WindowC(), "--json", "--conns", strconv.Itoa(e.conns), "--size", strconv.Itoa(e.size), "--depth", strconv.Itoa(e.depth))
		if e.churn {
			flags = append(flags, "--churn")
		}
		return s.Load(ctx, book.Command{Program: loadC}, append(flags, prefix+s.Addr)...)
	})
}
