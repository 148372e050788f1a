package main

// cSources make up the program in C.
var cSources = []string{
	"uvbench.c", "uvbench-timer.c", "uvbench-async.c", "uvbench-stream.c", "uvbench-udp.c", "uvbench-misc.c", "common.c",
}

// A work is what both programs know by a name, and the ratio Go/C to reach.
type work struct {
	name, operation string
	target          float64
}

var works = []work{
	{"loop_count", "turn", 0.9},
	{"timer_start_stop", "start and stop", 1.0},
	{"million_timers", "timer", 1.0},
	{"async_pummel_4", "send", 0.9},
	{"post_pummel_4", "post", 1.0},
	{"ping_pongs", "round trip", 0.9},
	{"ping_udp100", "round trip", 0.9},
	{"tcp_write_batch", "write", 1.0},
	{"tcp_pump1", "KiB", 0.9},
	{"tcp_pump100", "KiB", 0.9},
	{"pipe_pump100", "KiB", 0.9},
	{"tcp4_pound_1000", "connection", 0.9},
	{"udp_pummel_10v100", "datagram", 0.9},
	{"fs_stat", "stat", 0.9},
	{"getaddrinfo", "lookup", 0.9},
	{"spawn", "child", 0.9},
}
