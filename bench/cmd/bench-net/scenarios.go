package main

// A scenario is one row of the table. target bounds uvnet's rate over package
// net's from below, or for idle connections their memory from above.
type scenario struct {
	name    string
	unit    string
	program string // of netbench, or echo
	client  string // of netbench, wrk or load
	conns   int
	procs   int // GOMAXPROCS: with 1 the server has one CPU and the load the other
	idle    bool
	both    bool // the client is on the same stack, and its CPU time counts too
	target  float64
}

var scenarios = []scenario{
	{name: "echo-1-P1", unit: "echo", program: "echo", client: "load", conns: 1, procs: 1, target: 0.95},
	{name: "echo-100-P1", unit: "echo", program: "echo", client: "load", conns: 100, procs: 1, target: 1.2},
	{name: "echo-1000-P1", unit: "echo", program: "echo", client: "load", conns: 1000, procs: 1, target: 1.05},
	{name: "echo-1-P2", unit: "echo", program: "echo", client: "load", conns: 1, procs: 2, target: 0.95},
	{name: "echo-100-P2", unit: "echo", program: "echo", client: "load", conns: 100, procs: 2, target: 1.1},
	{name: "echo-1000-P2", unit: "echo", program: "echo", client: "load", conns: 1000, procs: 2, target: 1.0},
	{name: "http-100", unit: "request", program: "http", client: "wrk", conns: 100, procs: 1, target: 1.05},
	{name: "http-1000", unit: "request", program: "http", client: "wrk", conns: 1000, procs: 1, target: 1.1},
	{name: "grpc-100", unit: "call", program: "grpc", client: "call", conns: 100, procs: 1, target: 1.0},
	{name: "bulk", unit: "64 KiB", program: "source", client: "drain", conns: 1, procs: 1, both: true, target: 0.95},
	{name: "dial", unit: "connection", program: "accept", client: "dial", conns: 10, procs: 1, both: true, target: 0.8},
	{name: "http-idle", unit: "bytes", program: "http", client: "idle", procs: 1, idle: true, target: 1.0},
}
