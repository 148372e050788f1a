package uvnet

import (
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestBesideComputing: on one processor, beside a goroutine that computes, a message
// waits for as many of its time slices as with package net. A loop that yields behind a
// yield takes twice as long.
func TestBesideComputing(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
		}
	})
	defer wg.Wait()
	defer stop.Store(true)
	all, err := defaultNet()
	check(t, err)
	one := &Net{workers: all.workers[:1]} // as one processor has
	var took [2]time.Duration
	for range 8 { // until it shows: the machine may have more to do
		for i, m := range []maker{{"uvnet", one.Listen, one.Dial}, makers[1]} {
			took[i] += echoes(t, m, 4)
		}
		if took[0] < took[1]*3/2 {
			return
		}
	}
	t.Errorf("uvnet took %v, package net %v", took[0], took[1])
}

// echoes returns how long so many messages there and back take.
func echoes(t *testing.T, m maker, n int) time.Duration {
	s, c := connectPair(t, "tcp", m, m)
	defer c.Close()
	go func() {
		_, _ = io.Copy(onlyWriter{s}, struct{ io.Reader }{s})
		s.Close()
	}()
	b := make([]byte, 1)
	var began time.Time
	for i := range n + 1 {
		if i == 1 { // the first finds things out
			began = time.Now()
		}
		_, err := c.Write(b)
		check(t, err)
		_, err = io.ReadFull(c, b)
		check(t, err)
	}
	return time.Since(began)
}
