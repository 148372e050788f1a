package hostile

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() { uvtest.Helper("signal storm", signalStorm) }

// TestSignalStorm sends signals at a process all the time, to each of its
// threads, while goroutines are made on fresh stacks. A handler of libuv's that
// ran on one of them would corrupt it: the process dies within seconds.
func TestSignalStorm(t *testing.T) {
	d := 10 * time.Second
	if testing.Short() {
		d = 2 * time.Second
	}
	for _, tt := range []struct {
		name, also string // also: os/signal listens to SIGUSR1, too
		by         syscall.Signal
	}{
		{"libuv alone", "", syscall.SIGTERM},
		{"os-signal beside it", "notify", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			uvtest.Watchdog(t, d+2*time.Minute)
			cmd := uvtest.Command(t, "signal storm", tt.also)
			stdin, stdout := uvtest.Must(cmd.StdinPipe()), uvtest.Must(cmd.StdoutPipe())
			cmd.Stderr = os.Stderr
			uvtest.Check(t, cmd.Start())
			out := bufio.NewScanner(stdout)
			if !out.Scan() || out.Text() != "ready" {
				t.Fatalf("the helper says %q", out.Text())
			}
			sent := storm(cmd.Process.Pid, d)
			stdin.Close()
			var uv, usr1, usr2, started int
			if !out.Scan() {
				t.Fatalf("the helper died after %d signals: %v", sent, cmd.Wait())
			}
			if _, err := fmt.Sscan(out.Text(), &uv, &usr1, &usr2, &started); err != nil {
				t.Fatalf("the helper says %q", out.Text())
			}
			for out.Scan() {
				t.Error(out.Text())
			}
			_ = cmd.Wait()
			if s := cmd.ProcessState.Sys().(syscall.WaitStatus); tt.by == 0 && !cmd.ProcessState.Success() ||
				tt.by != 0 && (!s.Signaled() || s.Signal() != tt.by) {
				t.Errorf("the helper ended with %v, want signal %d", cmd.ProcessState, tt.by)
			}
			t.Logf("%d signals sent; libuv delivered %d, os/signal %d and %d; %d goroutines",
				sent, uv, usr1, usr2, started)
			if uv == 0 || usr2 == 0 || (usr1 == 0) != (tt.also == "") {
				t.Error("deliveries are missing")
			}
		})
	}
}

// storm sends SIGUSR1 to the threads of a process in turn, every 20 µs, and
// SIGUSR2 for each tenth.
func storm(pid int, d time.Duration) (sent int) {
	var threads []int
	for end := time.Now().Add(d); time.Now().Before(end); {
		if sent%500 == 0 {
			threads = threads[:0]
			tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
			if err != nil {
				return sent // it has died
			}
			for _, e := range tasks {
				threads = append(threads, uvtest.Must(strconv.Atoi(e.Name())))
			}
		}
		sent++
		sig := syscall.SIGUSR1
		if sent%10 == 0 {
			sig = syscall.SIGUSR2
		}
		_ = unix.Tgkill(pid, threads[sent%len(threads)], sig) // the thread may be gone
		kit.Spin(20 * time.Microsecond)
	}
	return sent
}

// signalStorm is the process in the storm: it prints its counts once its stdin
// ends, and then finds out whether the signals' routing is restored.
func signalStorm() {
	l := uvtest.Must(uvgo.New())
	s := uvtest.Must(l.NewSignal())
	var uv, usr1, usr2, started atomic.Int64
	uvtest.Must(0, s.Start(syscall.SIGUSR1, func(os.Signal) { uv.Add(1) }))
	count(&usr2, syscall.SIGUSR2)
	if os.Args[1] != "" {
		count(&usr1, syscall.SIGUSR1)
	}
	looping := make(chan error)
	go func() { looping <- l.Run(context.Background()) }()

	var stop atomic.Bool
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for !stop.Load() {
				var burst sync.WaitGroup
				for range 50 {
					started.Add(1)
					burst.Go(func() { deep(200, &[64]byte{}) })
				}
				burst.Wait()
			}
		})
	}
	workers.Go(func() {
		for !stop.Load() {
			runtime.GC()
		}
	})
	fmt.Println("ready")
	_, _ = os.Stdin.Read(make([]byte, 1))
	stop.Store(true)
	workers.Wait()
	uvtest.Must(0, l.Post(func() { s.Close() }))
	uvtest.Must(0, <-looping)
	uvtest.Must(0, l.Close())
	fmt.Println(uv.Load(), usr1.Load(), usr2.Load(), started.Load())

	// The routing of before is back. More rounds than signals can be on their
	// way from the storm.
	watched := uv.Load()
	for range 200 {
		for sig, n := range map[syscall.Signal]*atomic.Int64{syscall.SIGUSR1: &usr1, syscall.SIGUSR2: &usr2} {
			before := n.Load()
			kit.Raise(sig)
			for before != 0 && n.Load() == before {
				runtime.Gosched()
			}
		}
	}
	if uv.Load() != watched {
		fmt.Println("the closed handle got a signal")
	}
	if os.Args[1] == "" { // the default action, too
		l := uvtest.Must(uvgo.New())
		s := uvtest.Must(l.NewSignal())
		uvtest.Must(0, s.Start(syscall.SIGTERM, func(os.Signal) { uv.Add(1) }))
		kit.Raise(syscall.SIGTERM)
		uvtest.Must(l.RunOnce())
		uvtest.Must(0, l.Shutdown(context.Background()))
		if uv.Load() != watched+1 {
			fmt.Println("SIGTERM was not delivered")
		}
		kit.Raise(syscall.SIGTERM)
	}
}

// count makes os/signal count the signal.
func count(n *atomic.Int64, sig os.Signal) {
	c := make(chan os.Signal, 100)
	signal.Notify(c, sig)
	go func() {
		for range c {
			n.Add(1)
		}
	}()
}

// deep grows the stack of its goroutine, which moves it.
func deep(n int, from *[64]byte) byte {
	var local [64]byte
	local[n%64] = from[(n+1)%64] + byte(n)
	if n == 0 {
		return local[0]
	}
	return deep(n-1, &local) + local[n%64]
}
