package workload

import (
	"context"
	"fmt"
	"strconv"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// tlsEcho are the peers that can echo over TLS.
var tlsEcho = []string{"uvgo", "uvnet", "net", "asyncio-streams", "uvloop-streams", "uvloop-protocol"}

// sealed are echoes over TLS.
func sealed() (list []book.Workload) {
	for _, conns := range []int{100, 1000} {
		list = append(list, sealedEcho(conns))
	}
	return list
}

// sealedEcho is one of them.
func sealedEcho(conns int) book.Workload {
	servers := pick(echoServers, tlsEcho...)
	return book.Workload{
		Name: fmt.Sprintf("tls-1KiB-%d", conns), Group: "tls", Op: "echo", Size: 1 << 10, Conns: conns, Depth: 1, Subject: "uvgo",
		Title: fmt.Sprintf("TLS echo of 1 KiB, %s", connsTitle(conns)),
		Method: methodEcho + " TLS 1.3 with AES-128; handshakes do not count. crypto/tls would take the load more CPU time than the server, " +
			"so the load seals and opens the records by itself.",
		Servers: servers, Loads: []book.Program{loadGo},
		Run: func(ctx context.Context, p book.Peer, env *book.Env) (book.Sample, error) {
			return serveTLS(ctx, p, servers[p.Name], env, conns, func(s *book.Server) (book.Sample, error) {
				flags := append([]string{"tls"}, s.WindowGo()...)
				return s.Load(ctx, book.Command{Program: loadGo}, append(flags, "-conns", strconv.Itoa(conns), s.Addr)...)
			})
		},
	}
}

// serveTLS starts an echo server over TLS.
func serveTLS(ctx context.Context, p book.Peer, server book.Command, env *book.Env, conns int,
	fn func(s *book.Server) (book.Sample, error)) (book.Sample, error) {

	if err := descriptors(conns); err != nil {
		return nil, err
	}
	var args []string
	if p.Language == "Python" {
		flags, end, err := certificate()
		if err != nil {
			return nil, err
		}
		defer end()
		args = flags
	}
	return env.Serve(ctx, server, append(args, "tls://127.0.0.1:0"), fn)
}
