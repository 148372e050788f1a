package workload

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/sysinfo"
)

// loopPrograms do work that has no peer process, by the names of their peers.
var loopPrograms = map[string]book.Command{
	"uvgo-loop": {Program: book.Program{Name: "uvbench", Go: "./uvbench"}},
	"libuv": {Program: book.Program{Name: "uvbench-c", UV: true, C: []string{
		"uvbench.c", "uvbench-timer.c", "uvbench-async.c", "uvbench-stream.c", "uvbench-udp.c", "uvbench-misc.c", "common.c",
	}}},
	"std":     {Program: book.Program{Name: "stdbench", Go: "./stdbench"}},
	"asyncio": python("loop"),
	"uvloop":  python("loop", "--loop", "uvloop"),
}

// loops are what a loop does by itself.
func loops() []book.Workload {
	targets := []book.Target{{Over: "libuv", Least: 1}, {Over: "uvloop", Least: 5}}
	var list []book.Workload
	for _, l := range []struct {
		name, title, op, method string
		work                    string // as the programs name it
		both                    bool   // both CPUs are used
		targets                 []book.Target
	}{
		{"post-1", "functions from another goroutine or thread", "function",
			"One goroutine, in C and Python a thread, hands functions to the loop, which calls them: Post, a queue behind a mutex with " +
				"uv_async_send, call_soon_threadsafe. Go's library: a channel with 1,024 places. Both CPUs are used.",
			"post_pummel_1", true, targets},
		{"post-4", "functions from four goroutines or threads", "function", "As post-1, by four at a time.", "post_pummel_4", true, targets},
		{"timers", "timers started and cancelled", "timer",
			"A thousand timers are started and stopped in turn. asyncio and uvloop make a timer each time, as call_later does. None fires.",
			"timer_start_stop", false, targets},
		{"getaddrinfo", "lookups of a literal", "lookup",
			"127.0.0.1 is looked up, ten times at a time: in libuv by the thread pool. Go's library and uvgo see that it is a literal.",
			"getaddrinfo", false, targets},
		{"fs-stat", "stat of a file", "stat",
			"A directory is looked at, ten times at a time: by libuv's thread pool, asyncio's executor, and in Go's library by goroutines.",
			"fs_stat", false, []book.Target{{Over: "libuv", Least: 0.95}}},
	} {
		w := alone(l.both, l.work)
		w.Name, w.Title, w.Op, w.Method, w.Targets = l.name, l.title, l.op, l.method, l.targets
		w.Takes = 1500 * time.Millisecond
		list = append(list, w)
	}
	for _, gib := range []int{0, 1, 4} {
		w := alone(false, "spawn_heap", strconv.Itoa(gib))
		w.Name, w.Title, w.Op = fmt.Sprintf("spawn-%dGiB", gib), fmt.Sprintf("child processes, with a heap of %d GiB", gib), "child"
		w.Method = "/bin/true is started and waited for, one after the other, for 0.3 s, and three at least. The heap is allocated and each page of it touched " +
			"before. What fork copies grows with the heap."
		w.Takes = time.Duration(700+1000*gib) * time.Millisecond
		w.Targets = []book.Target{{Over: "libuv", Least: 1}}
		run := w.Run
		w.Run = func(ctx context.Context, p book.Peer, env *book.Env) (book.Sample, error) {
			if err := room(gib); err != nil {
				return nil, err
			}
			return run(ctx, p, env)
		}
		list = append(list, w)
	}
	return list
}

// alone is a workload of programs that need no load.
func alone(both bool, args ...string) book.Workload {
	return book.Workload{
		Group: "loop", Subject: "uvgo-loop", Fixed: true, Servers: loopPrograms,
		Run: func(ctx context.Context, p book.Peer, env *book.Env) (book.Sample, error) {
			return env.Alone(ctx, loopPrograms[p.Name], both, args...)
		},
	}
}

// room returns an error if the machine has not twice the memory of so many GiB.
func room(gib int) error {
	if sysinfo.AvailableMemory() < uint64(gib)<<31 {
		return errors.New("too little memory is free: twice the heap is wanted")
	}
	return nil
}
