package main

import "slices"

// A scenario is a load that some of the servers are put under.
type scenario struct {
	name    string
	work    string // of httpbench
	tls     bool
	conns   int // 0: idle ones, as many as the flag says
	depth   int // requests that a connection sends at once; 0 means 1
	servers []string
}

func (s scenario) idle() bool { return s.conns == 0 }

var (
	everyServer = []string{"net/http", "fasthttp", "nbio", "canned", "uvhttp"}
	withModes   = slices.Concat(everyServer, []string{"never", "always"})
	handlers    = []string{"net/http", "fasthttp", "nbio", "uvhttp"}
	withTLS     = []string{"net/http", "fasthttp", "canned", "uvhttp"}
)

var scenarios = []scenario{
	{name: "text-100", work: "text", conns: 100, servers: everyServer},
	{name: "text-1000", work: "text", conns: 1000, servers: withModes},
	{name: "json-100", work: "json", conns: 100, servers: everyServer},
	{name: "json-1000", work: "json", conns: 1000, servers: withModes},
	{name: "pipeline-100", work: "text", conns: 100, depth: 16, servers: everyServer},
	{name: "pipeline-1000", work: "text", conns: 1000, depth: 16, servers: []string{"fasthttp", "uvhttp"}},
	{name: "https-100", work: "text", tls: true, conns: 100, servers: withTLS},
	{name: "https-1000", work: "text", tls: true, conns: 1000, servers: []string{"net/http", "uvhttp"}},
	{name: "sleep-1000", work: "sleep", conns: 1000, servers: handlers},
	{name: "half-100", work: "half", conns: 100, servers: []string{"net/http", "uvhttp"}},
	{name: "half-1000", work: "half", conns: 1000, servers: handlers},
	{name: "idle", work: "text", servers: handlers},
	{name: "idle-tls", work: "text", tls: true, servers: []string{"net/http", "uvhttp"}},
}
