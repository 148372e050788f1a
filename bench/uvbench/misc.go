package main

import (
	"log"
	"os"
	"runtime"
	"syscall"

	"github.com/uvgo/uvgo/bench/internal/stopwatch"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

const concurrent = 10

// fsStat: ten stats at a time.
func fsStat(b *bench) func() int {
	const stats = 50000
	done := 0
	var fn func(uv.Stat, error)
	stat := func() { must(requests.FSStat(b, ".", fn)) }
	fn = func(_ uv.Stat, err error) {
		check(err)
		if done++; done+concurrent <= stats {
			stat()
		}
	}
	b.start()
	for range concurrent {
		stat()
	}
	return func() int { return done }
}

// getaddrinfo of a literal, ten at a time.
func getaddrinfo(b *bench) func() int {
	const lookups = 50000
	done := 0
	var fn func([]requests.AddrInfo, error)
	lookup := func() { must(requests.GetAddrInfo(b, "127.0.0.1", "", requests.AddrInfoHints{}, fn)) }
	fn = func(_ []requests.AddrInfo, err error) {
		check(err)
		if done++; done+concurrent <= lookups {
			lookup()
		}
	}
	b.start()
	for range concurrent {
		lookup()
	}
	return func() int { return done }
}

// spawn: one child after the other, which is the program in C.
func spawn(b *bench) func() int {
	const children = 200
	child := os.Getenv("UVBENCH_CHILD")
	if child == "" {
		log.Fatal("UVBENCH_CHILD must name the program in C: the child must be the same")
	}
	done := 0
	var next func()
	next = func() {
		if done++; done > children {
			return
		}
		var p *handles.Process
		p = must(b.Spawn(handles.ProcessOptions{File: child, Args: []string{child, "nothing"}}, func(status int, sig syscall.Signal) {
			if status != 0 || sig != 0 {
				log.Panic("the child failed")
			}
			p.OnClose(next)
			check(p.Close())
		}))
	}
	b.start()
	next()
	return func() int { return children }
}

// spawnHeap: one child after the other for a time, with so many GiB of heap touched.
func spawnHeap(b *bench) func() int {
	heap := stopwatch.Heap(b.heap)
	done := 0
	var next func()
	next = func() {
		if b.Enough(done) {
			return
		}
		var p *handles.Process
		p = must(b.Spawn(handles.ProcessOptions{File: stopwatch.Child, Args: []string{stopwatch.Child}}, func(status int, sig syscall.Signal) {
			if status != 0 || sig != 0 {
				log.Panic("the child failed")
			}
			done++
			p.OnClose(next)
			check(p.Close())
		}))
	}
	b.start()
	next()
	return func() int {
		runtime.KeepAlive(heap)
		return done
	}
}
