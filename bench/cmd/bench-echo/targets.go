package main

// A target is a bound on one ratio of the subject: requests/s must reach it,
// p99 and memory must not exceed it.
type target struct {
	scenario, peer string
	bound          float64
}

// rateTargets: the subject's requests/s over the peer's, at least.
var rateTargets = []target{
	{"64B-1", "libuv", 1.00}, {"64B-1", "net", 1.05}, {"64B-1", "netpoll", 1.05},
	{"64B-100", "libuv", 1.15}, {"64B-100", "net", 1.30}, {"64B-100", "netpoll", 1.30},
	{"64B-1000", "libuv", 1.00}, {"64B-1000", "net", 1.30}, {"64B-1000", "netpoll", 1.20},
	{"1KiB-100", "libuv", 1.10}, {"1KiB-100", "net", 1.25}, {"1KiB-100", "netpoll", 1.20},
	{"16KiB-100", "libuv", 1.00}, {"16KiB-100", "net", 1.20}, {"16KiB-100", "netpoll", 1.10},
}

const (
	p99Target  = 1.1    // the subject's p99 over libuv's, at most
	idleTarget = 1024.0 // the subject's bytes for each idle connection, at most
)

// rateTarget finds the target of a scenario against a peer.
func rateTarget(scenario, peer string) (float64, bool) {
	for _, t := range rateTargets {
		if t.scenario == scenario && t.peer == peer {
			return t.bound, true
		}
	}
	return 0, false
}
