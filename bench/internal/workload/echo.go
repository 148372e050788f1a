package workload

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// goServer is an echo server in Go, and cServer one in C; each takes HOST:PORT.
func goServer(name string) book.Command {
	return book.Command{Program: book.Program{Name: name, Go: "./" + name}}
}

func cServer(name string, uv bool) book.Command {
	return book.Command{Program: book.Program{Name: name, C: []string{name + ".c", "common.c"}, UV: uv}}
}

// echoServers by the names of their peers.
func echoServers() map[string]book.Command {
	return map[string]book.Command{
		"uvgo": goServer("echo-uvgo"), "net": goServer("echo-net"), "gnet": goServer("echo-gnet"),
		"epoll": cServer("echo-epoll", false), "libuv": cServer("echo-libuv", true),
	}
}

// echoes are the closed loops of messages of one size on so many connections.
func echoes() []book.Workload {
	w := echo("64B", 64, 100)
	w.Quick = true
	w.Targets = []book.Target{{Over: "libuv", Least: 1}, {Over: "net", Least: 1.3}, {Over: "gnet", Least: 1.5}}
	return []book.Workload{w}
}

// echo is one of them.
func echo(title string, size, conns int) book.Workload {
	servers := echoServers()
	return book.Workload{
		Name: fmt.Sprintf("echo-%s-%d", title, conns), Group: "echo", Title: fmt.Sprintf("echo of %s, %d connections", title, conns),
		Op:     "echo",
		Method: "Each connection sends a message, waits for the whole echo, compares every byte, and sends the next one.",
		Size:   size, Conns: conns, Depth: 1, Subject: "uvgo",
		Servers: servers, Loads: []book.Program{loadC},
		Run: func(ctx context.Context, p book.Peer, env *book.Env) (book.Sample, error) {
			return env.Serve(ctx, servers[p.Name], []string{"127.0.0.1:0"}, func(s *book.Server) (book.Sample, error) {
				host, port, err := net.SplitHostPort(s.Addr)
				if err != nil {
					return nil, err
				}
				args := append(s.WindowC(), "--json", "--conns", strconv.Itoa(conns), "--size", strconv.Itoa(size), host, port)
				return s.Load(ctx, book.Command{Program: loadC}, args...)
			})
		},
	}
}
