package main

import "github.com/uvgo/uvgo/bench/internal/harness"

// A server is how serverbench is started.
type server struct {
	name string   // in the table
	args []string // of serverbench, without the address
}

// A scenario is one row of the table: what comes second is compared with what comes first.
type scenario struct {
	name    string
	unit    string
	servers []server // two; none: a Go benchmark
	load    string   // of serverload; "": the load generator in C
	size    int      // of its messages, in bytes
	conns   int      // 0: as many idle ones as the flag says
	test    string   // the Go benchmark and
	pkg     string   // its package
	target  target
}

// A target bounds one figure.
type target struct {
	bound float64
	most  bool // bound is an upper bound
	ratio bool // of the ratio second/first; else of the second's own figure
}

func (t target) String() string {
	sign := "≥ "
	if t.most {
		sign = "≤ "
	}
	if t.ratio {
		return sign + harness.Fixed(t.bound, 2)
	}
	return sign + harness.Thousands(t.bound)
}

// verdict says whether the target was reached.
func (t target) verdict(ratio, own float64) string {
	v := own
	if t.ratio {
		v = ratio
	}
	if t.most && v <= t.bound || !t.most && v >= t.bound {
		return "pass"
	}
	return "MISS" // also what was not measured
}

func (s scenario) idle() bool { return s.servers != nil && s.conns == 0 }

// both runs one program of serverbench on package net and on package server.
func both(program string) []server {
	return []server{{"net", []string{"net", program}}, {"uvgo", []string{"uvgo", program}}}
}

var scenarios = []scenario{
	{name: "lend", unit: "ns", test: "BenchmarkLend", pkg: ".", target: target{bound: 30, most: true}},
	{name: "block", unit: "ns", test: "BenchmarkBlock", pkg: ".", target: target{bound: 3000, most: true}},
	{name: "tls-100", unit: "echo/s", servers: both("tls"), load: "tls", conns: 100, target: target{bound: 1.25, ratio: true}},
	{name: "tls-1000", unit: "echo/s", servers: both("tls"), load: "tls", conns: 1000, target: target{bound: 1.25, ratio: true}},
	{name: "lines-100", unit: "write/s", servers: both("lines"), load: "lines", conns: 100, target: target{bound: 1.5, ratio: true}},
	{name: "each-line-100", unit: "write/s", servers: both("lines"), load: "each-line", conns: 100, target: target{bound: 1.5, ratio: true}},
	{name: "timeout-100", unit: "echo/s", servers: []server{
		{"without", []string{"uvgo", "echo"}}, {"with", []string{"uvgo", "echo", "-idle-timeout", "1m"}},
	}, size: 64, conns: 100, target: target{bound: 0.98, ratio: true}},
	{name: "tls-idle", unit: "bytes", servers: both("tls"), load: "tls", target: target{bound: 0.6, most: true, ratio: true}},
	{name: "plain-idle", unit: "bytes", servers: both("echo"), size: 64, target: target{bound: 560, most: true}},
}
