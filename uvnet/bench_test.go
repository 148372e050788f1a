package uvnet

import (
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
)

// BenchmarkEcho sends 64 bytes back and forth over 1, 100 and 1,000 connections,
// a goroutine each at either end. The clients are package net's, so that only
// the server differs.
func BenchmarkEcho(b *testing.B) {
	for _, conns := range []int{1, 100, 1000} {
		for _, m := range makers {
			b.Run(fmt.Sprintf("%s/%d", m.name, conns), func(b *testing.B) { benchEcho(b, m, conns) })
		}
	}
}

func benchEcho(b *testing.B, m maker, conns int) {
	ln, err := m.listen("tcp", "127.0.0.1:0")
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
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	b.ReportAllocs()
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
			var before, after syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
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
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
			used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
			b.ReportMetric(float64(used)/float64(b.N), "cpu-ns/op")
			src.Close()
			out.Close()
		})
	}
}
