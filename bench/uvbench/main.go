// Command uvbench has the workloads of bench-libuv in Go; c/uvbench.c has the
// same ones in C. It prints operations and seconds as JSON.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/uvgo/uvgo"
)

// A workload prepares its work on the loop and calls b.start. When the loop has no more
// work, finish returns the number of operations.
type workload func(b *bench) (finish func() int)

var workloads = map[string]workload{
	"loop_count":        loopCount,
	"timer_start_stop":  timerStartStop,
	"million_timers":    millionTimers,
	"async_pummel_4":    asyncPummel,
	"post_pummel_4":     postPummel,
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
}

// A bench is one run of a workload.
type bench struct {
	*uvgo.Loop
	started time.Time
}

// start begins the measured time.
func (b *bench) start() { b.started = time.Now() }

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
	if len(os.Args) != 2 {
		log.Fatal("usage: uvbench NAME")
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
	finish := work(b)
	check(b.Run(context.Background()))
	ops, elapsed := finish(), time.Since(b.started)
	fmt.Printf("{\"ops\":%d,\"seconds\":%.9f}\n", ops, elapsed.Seconds())
	check(b.Shutdown(context.Background()))
}
