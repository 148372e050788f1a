// Command stdbench has some of uvbench's workloads as a Go program without a loop does them. It prints operations and
// seconds as JSON.
//
//	stdbench NAME [GIB]    GIB is for spawn_heap alone
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/bench/internal/stopwatch"
)

// A workload does its work and returns how many operations that were. It starts the watch.
type workload func(w *stopwatch.Watch, gib int) (ops int)

var workloads = map[string]workload{
	"post_pummel_1":    func(w *stopwatch.Watch, _ int) int { return post(w, 1) },
	"post_pummel_4":    func(w *stopwatch.Watch, _ int) int { return post(w, 4) },
	"timer_start_stop": timers,
	"getaddrinfo":      lookups,
	"fs_stat":          stats,
	"spawn_heap":       spawns,
}

func check(err error) {
	if err != nil {
		log.Panic(err)
	}
}

// post: n goroutines send functions on a channel to one that calls them.
func post(w *stopwatch.Watch, n int) int {
	const posts, queue = 400_000, 1024
	work := make(chan func(), queue)
	ran := 0
	count := func() { ran++ }
	*w = stopwatch.Start()
	for range n {
		go func() {
			for range posts / n {
				work <- count
			}
		}()
	}
	for ran < posts {
		(<-work)()
	}
	return ran
}

// timers: each of a thousand timers is started and stopped in turn.
func timers(w *stopwatch.Watch, _ int) int {
	const restarts = 2_000_000
	never := func() { log.Panic("a stopped timer fires") }
	var all [1000]*time.Timer
	for i := range all {
		all[i] = time.AfterFunc(time.Hour, never)
		all[i].Stop()
	}
	*w = stopwatch.Start()
	for n := range restarts {
		i := n % len(all)
		all[i].Reset(time.Second + time.Duration(i)*time.Millisecond)
		all[i].Stop()
	}
	return restarts
}

// concurrent is how many lookups and stats are under way.
const concurrent = 10

// each makes n calls in some goroutines.
func each(n int, call func() error) int {
	var done atomic.Int64
	var group sync.WaitGroup
	for range concurrent {
		group.Go(func() {
			for range n / concurrent {
				check(call())
				done.Add(1)
			}
		})
	}
	group.Wait()
	return int(done.Load())
}

func lookups(w *stopwatch.Watch, _ int) int {
	*w = stopwatch.Start()
	return each(500_000, func() error {
		addrs, err := net.DefaultResolver.LookupIPAddr(context.Background(), "127.0.0.1")
		if err == nil && len(addrs) != 1 {
			err = fmt.Errorf("%d addresses", len(addrs))
		}
		return err
	})
}

func stats(w *stopwatch.Watch, _ int) int {
	*w = stopwatch.Start()
	return each(200_000, func() error {
		_, err := os.Stat(".")
		return err
	})
}

// spawns: one child after the other for a time, with so many GiB of heap touched.
func spawns(w *stopwatch.Watch, gib int) (done int) {
	heap := stopwatch.Heap(gib)
	*w = stopwatch.Start()
	for ; !w.Enough(done); done++ {
		check(exec.Command(stopwatch.Child).Run())
	}
	runtime.KeepAlive(heap)
	return done
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("stdbench: ")
	if len(os.Args) != 2 && len(os.Args) != 3 || workloads[os.Args[1]] == nil {
		log.Fatal("usage: stdbench NAME [GIB]")
	}
	gib := 0
	if len(os.Args) == 3 {
		var err error
		gib, err = strconv.Atoi(os.Args[2])
		check(err)
	}
	var w stopwatch.Watch
	ops := workloads[os.Args[1]](&w, gib)
	check(w.Print(os.Stdout, ops))
}
