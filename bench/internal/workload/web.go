package workload

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/harness"
)

// webServers are the HTTP servers by the names of their peers. They take a work and HOST:PORT.
var webServers = map[string]book.Command{
	"uvhttp": goServer("http-uvhttp"), "net/http": goServer("http-net"), "hertz": goServer("http-hertz"),
	"fasthttp": goServer("http-fasthttp"), "nbio": goServer("http-nbio"), "uvicorn": python("web"),
}

// overTLS are the peers that speak TLS: package tls of Go's library in all of Go's.
var overTLS = []string{"uvhttp", "net/http", "hertz", "fasthttp", "uvicorn"}

// A page is a closed loop of HTTP requests.
type page struct {
	work  string // of httpbench
	conns int
	depth int // requests that are sent at once; 0 is 1
	tls   bool
}

// pages are the works of bench-http.
func pages() []book.Workload {
	cpu := func(net, fasthttp, nbio float64) []book.Target {
		return []book.Target{
			{Over: "net/http", Figure: book.CPU, Most: net}, {Over: "fasthttp", Figure: book.CPU, Most: fasthttp},
			{Over: "nbio", Figure: book.CPU, Most: nbio}, {Over: "uvicorn", Least: 3},
		}
	}
	rate, p99 := book.Target{Over: "net/http", Least: 2}, book.Target{Over: "net/http", Figure: book.P99, Most: 0.45}
	names := map[string]string{"text": "13 bytes of text", "json": "2 KiB of JSON"}
	var list []book.Workload
	for _, work := range []string{"text", "json"} {
		for _, conns := range []int{100, 1000} {
			w := page{work: work, conns: conns}.workload()
			w.Name = fmt.Sprintf("http-%s-%d", work, conns)
			w.Title = fmt.Sprintf("HTTP, %s, %s", names[work], connsTitle(conns))
			w.Targets = append(cpu(0.52, 0.88, 0.4), p99)
			if conns == 100 {
				w.Targets = append(cpu(0.52, 0.88, 0.4), rate)
			}
			w.Quick = conns == 100
			list = append(list, w)
		}
	}
	pipelined := page{work: "text", conns: 100, depth: 16}.workload()
	pipelined.Name, pipelined.Title = "http-pipelined-100", "HTTP, 13 bytes of text, 100 connections, 16 requests at once"
	pipelined.Method = "A connection sends 16 requests at once, and the next 16 when all are answered and compared."
	pipelined.Targets = []book.Target{{Over: "fasthttp", Figure: book.CPU, Most: 0.9}}
	list = append(list, pipelined)
	for _, conns := range []int{100, 1000} {
		w := page{work: "text", conns: conns, tls: true}.workload()
		w.Name, w.Title = fmt.Sprintf("https-%d", conns), fmt.Sprintf("HTTPS, 13 bytes of text, %s", connsTitle(conns))
		w.Method += " TLS 1.3 with AES-128; the load seals and opens the records by itself."
		w.Targets = []book.Target{{Over: "net/http", Figure: book.CPU, Most: 0.7}, {Over: "uvicorn", Least: 3}}
		list = append(list, w)
	}
	return list
}

func (g page) workload() book.Workload {
	g.depth = max(g.depth, 1)
	servers := webServers
	if g.tls {
		servers = pick(webServers, overTLS...)
	}
	return book.Workload{
		Group: "http", Op: "request", Conns: g.conns, Depth: g.depth, Subject: "uvhttp",
		Method: "Each connection sends a request, compares status, length and body of the answer, and sends the next one. The JSON goes through " +
			"a router and an encoder.",
		Servers: servers, Loads: []book.Program{loadGo},
		Run: func(ctx context.Context, p book.Peer, env *book.Env) (book.Sample, error) {
			return g.run(ctx, p, servers[p.Name], env)
		},
	}
}

func (g page) run(ctx context.Context, p book.Peer, server book.Command, env *book.Env) (book.Sample, error) {
	if err := descriptors(g.conns); err != nil {
		return nil, err
	}
	kind, args, end, err := "http", []string(nil), func() {}, error(nil)
	if g.tls {
		kind, args = "https", []string{"-tls"}
		if p.Language == "Python" {
			if args, end, err = certificate(); err != nil {
				return nil, err
			}
		}
	}
	defer end()
	return env.Serve(ctx, server, append(args, g.work, "127.0.0.1:0"), func(s *book.Server) (book.Sample, error) {
		flags := append([]string{kind}, s.WindowGo()...)
		flags = append(flags, "-conns", strconv.Itoa(g.conns), "-work", g.work, "-depth", strconv.Itoa(g.depth), s.Addr)
		return s.Load(ctx, book.Command{Program: loadGo}, flags...)
	})
}

// certificate writes a certificate for a server in Python, and returns the server's flags. end removes it.
func certificate() (flags []string, end func(), err error) {
	dir, err := os.MkdirTemp("", "bench-cert-")
	if err != nil {
		return nil, nil, err
	}
	end = func() { os.RemoveAll(dir) }
	file := filepath.Join(dir, "cert.pem")
	if err := harness.WriteCertificate(file); err != nil {
		end()
		return nil, nil, err
	}
	return []string{"--cert", file}, end, nil
}
