// Command uvbench has the workloads of bench-libuv in Go; c/uvbench.c has the
// same ones in C. It prints operations and seconds as JSON.
//
//	uvbench NAME [GIB]    GIB is for spawn_heap alone
package main

import (
	"context"
	"log"
	"os"
	"strconv"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/bench/internal/stopwatch"
)

// A workload prepares its work on the loop and calls b.start. When the loop has no more
// work, finish returns the number of operations.
type workload func(b *bench) (finish func() int)

var workloads = map[string]workload{
	"loop_count":        loopCount,
	"timer_start_stop":  timerStartStop,
	"million_timers":    millionTimers,
	"async_pummel_4":    asyncPummel,
	"post_pummel_1":     func(b *bench) func() int { return postPummel(b, 1) },
	"post_pummel_4":     func(b *bench) func() int { return postPummel(b, threads) },
	"ping_pongs":        pingPongs,
	"tcp_write_batch":   tcpWriteBatch,
	"tcp_pump1":         func(b *bench) func() int { return pumps(b, 1, newTCP) },
	"tcp_pump100":       func(b *bench) func() int { return pumps(b, 100, newTCP) },
	"pipe_pump100":      func(b *bench) func() int { return pumps(b, 100, newPipe) },
	"tcp4_pound_1000":   pound,
	"ping_udp100":       pingUDP,
	"udp_pummel_10v100": udpPummel,
	"fs_stat":           fsStat,
	"getaddrinfo":       getaddrinfo,
	"spawn":             spawn,
	"spawn_heap":        spawnHeap,
}

// A bench is one run of a workload.
type bench struct {
	*uvgo.Loop
	stopwatch.Watch
	heap int // GiB, for spawn_heap
}

// start begins the measured time.
func (b *bench) start() { b.Watch = stopwatch.Start() }

// must ends the program if a call has failed that must not fail.
func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		log.Panic(err)
	}
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("uvbench: ")
	if len(os.Args) != 2 && len(os.Args) != 3 {
		log.Fatal("usage: uvbench NAME [GIB]")
	}
	name := os.Args[1]
	if name == "nothing" { // the child of spawn
		return
	}
	work := workloads[name]
	if work == nil {
		log.Fatalf("no workload %s", name)
	}
	b := &bench{Loop: must(uvgo.New())}
	if len(os.Args) == 3 {
		b.heap = must(strconv.Atoi(os.Args[2]))
	}
	finish := work(b)
	check(b.Run(context.Background()))
	check(b.Print(os.Stdout, finish()))
	check(b.Shutdown(context.Background()))
}
