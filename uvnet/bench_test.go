package uvnet

import (
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkEcho sends 64 bytes back and forth over 1, 100 and 1,000 connections,
// a goroutine each at either end. The clients are package net's, so that only
// the server differs. cpu-ns/op is the process's time, both ends included.
func BenchmarkEcho(b *testing.B) {
	for _, conns := range []int{1, 100, 1000} {
		for _, m := range makers {
			b.Run(fmt.Sprintf("%s/%d", m.name, conns), func(b *testing.B) { benchEcho(b, "tcp", m, conns) })
		}
	}
}

// BenchmarkEchoUnix is BenchmarkEcho over unix sockets, where goroutines read and write
// without the loop, and wait for a poller.
func BenchmarkEchoUnix(b *testing.B) {
	for _, conns := range []int{1, 100} {
		for _, m := range makers {
			b.Run(fmt.Sprintf("%s/%d", m.name, conns), func(b *testing.B) { benchEcho(b, "unix", m, conns) })
		}
	}
}

func benchEcho(b *testing.B, network string, m maker, conns int) {
	ln, err := m.listen(network, address(b, network))
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 4096)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if _, err := c.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	var clients []net.Conn
	for range conns {
		c, err := net.Dial(network, ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	b.ReportAllocs()
	before := processTime()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i, c := range clients {
		n := b.N / conns
		if i < b.N%conns {
			n++
		}
		wg.Go(func() {
			buf := make([]byte, 64)
			for range n {
				if _, err := c.Write(buf); err != nil {
					b.Error(err)
					return
				}
				if _, err := io.ReadFull(c, buf); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(processTime()-before)/float64(b.N), "cpu-ns/op")
}

// processTime is the processor time that the process has used.
func processTime() time.Duration {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkProxy moves messages of a MiB from one connection to another: by splice, by
// copying, and by package net's splice. cpu-ns/op is the process's time, both ends included.
func BenchmarkProxy(b *testing.B) {
	for _, bm := range []struct {
		name string
		via  maker
		hide bool
	}{{"splice", makers[0], false}, {"copy", makers[0], true}, {"net", makers[1], false}} {
		b.Run(bm.name, func(b *testing.B) {
			in, src := connectPair(b, "tcp", makers[1], bm.via)
			dst, out := connectPair(b, "tcp", bm.via, makers[1])
			go func() {
				var w io.Writer = dst
				if bm.hide {
					w = onlyWriter{dst}
				}
				_, _ = io.Copy(w, src)
				dst.Close()
			}()
			const size = 1 << 20
			b.SetBytes(size)
			before := processTime()
			go func() {
				p := make([]byte, size)
				for range b.N {
					_, _ = in.Write(p)
				}
				in.Close()
			}()
			p := make([]byte, 256<<10)
			for {
				if _, err := out.Read(p); err != nil {
					break
				}
			}
			b.ReportMetric(float64(processTime()-before)/float64(b.N), "cpu-ns/op")
			src.Close()
			out.Close()
		})
	}
}
