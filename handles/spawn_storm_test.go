package handles_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// spawnMany runs n children on the loop, several at a time, each with its own exit
// status or signal, and returns how many ended with the right one.
func spawnMany(l *uvgo.Loop, n int) (good int, err error) {
	started := 0
	var next func()
	next = func() {
		if started == n || err != nil {
			return
		}
		started++
		status, script := started%250, "exit "+strconv.Itoa(started%250)
		sig := syscall.Signal(0)
		if started%10 == 0 {
			status, sig, script = 0, syscall.SIGKILL, "kill -KILL $$"
		}
		var p *handles.Process
		p, err = l.Spawn(sh(script), func(gotStatus int, gotSig syscall.Signal) {
			if gotStatus == status && gotSig == sig {
				good++
			}
			p.Close()
			next()
		})
	}
	for range 8 {
		next()
	}
	if rerr := l.Run(context.Background()); err == nil {
		err = rerr
	}
	return good, err
}

// A thousand children on two loops end while os/exec runs others: each exit status
// reaches its owner.
func TestSpawnBesideOSExec(t *testing.T) {
	spawns, execs := 500, 100
	if testing.Short() {
		spawns, execs = 50, 25
	}
	var all sync.WaitGroup
	for _, way := range []uvgo.Parking{uvgo.ParkThread, uvgo.ParkGoroutine} {
		l := looptest.New(t, uvgo.WithParking(way))
		all.Go(func() {
			if good, err := spawnMany(l, spawns); good != spawns || err != nil {
				t.Errorf("%d of %d exits, %v", good, spawns, err)
			}
		})
	}
	for range 3 {
		all.Go(func() {
			for i := range execs {
				var exit *exec.ExitError
				want := 1 + i%200
				if err := exec.Command("/bin/sh", "-c", "exit "+strconv.Itoa(want)).Run(); !errors.As(err, &exit) || exit.ExitCode() != want {
					t.Errorf("os/exec: %v, want status %d", err, want)
				}
			}
		})
	}
	all.Wait()
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("child %d is left, %v", pid, err)
	}
}

// SIGCHLD arrives on threads that run goroutines with small, growing stacks, while the
// garbage collector scans them.
func TestSpawnInAStormOfSIGCHLD(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(2))
	l := looptest.New(t)
	spawns := 100
	if testing.Short() {
		spawns = 20
	}
	var stop atomic.Bool
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for !stop.Load() {
				if err := crowd(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	good, err := spawnMany(l, spawns)
	stop.Store(true)
	all.Wait()
	if good != spawns || err != nil {
		t.Errorf("%d of %d exits, %v", good, spawns, err)
	}
}

// crowd runs goroutines with the smallest stacks, side by side in memory. Every second
// one gets a signal, and the others wait. A handler that ran on such a stack would
// overwrite its neighbour's.
func crowd() error {
	const n = 64
	release, sums, errs := make(chan bool), make(chan int, n), make(chan error, n)
	for i := range n {
		if i%2 == 0 {
			go func() {
				<-release
				sums <- deep(20)
			}()
		} else {
			go func() { errs <- unix.Tgkill(unix.Getpid(), unix.Gettid(), syscall.SIGCHLD) }()
		}
	}
	var err error
	for range n / 2 {
		if e := <-errs; e != nil && e != unix.ESRCH { // ESRCH: it moved to another thread
			err = e
		}
	}
	close(release)
	for range n / 2 {
		if sum := <-sums; sum != deep(20) {
			err = fmt.Errorf("a stack is spoiled: %d, want %d", sum, deep(20))
		}
	}
	return err
}

// deep makes its stack grow, and makes garbage.
func deep(n int) int {
	if n == 0 {
		return 0
	}
	var block [256]byte
	garbage := make([]byte, 64)
	block[n] = byte(len(garbage))
	return deep(n-1) + int(block[n]) + 1
}

// While a goroutine holds ForkLock for reading, with a descriptor that is not yet
// close-on-exec, no child is made.
func TestSpawnWaitsForForkLock(t *testing.T) {
	l := looptest.New(t)
	syscall.ForkLock.RLock()
	done := make(chan *handles.Process)
	go func() { done <- uvtest.Must(l.Spawn(sh("exit 0"), nil)) }()
	for syscall.ForkLock.TryRLock() { // until a writer waits
		syscall.ForkLock.RUnlock()
		select {
		case <-done:
			t.Fatal("Spawn did not take ForkLock")
		default:
			runtime.Gosched()
		}
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child: %d, %v", pid, err)
	}
	syscall.ForkLock.RUnlock()
	p := <-done
	uvtest.Check(t, l.Run(t.Context()))
	uvtest.CloseAll(t, p)
}

// Hundreds of handles are closed while their children run: each child is reaped.
func TestProcessesCloseTogether(t *testing.T) {
	l := looptest.New(t)
	n := 100
	if testing.Short() {
		n = 20
	}
	var left []int
	var ins []*handles.Pipe
	for i := range n {
		opts := sh("read x", handles.StdioPipe(handles.ChildReads))
		opts.KillOnClose = i%2 == 0
		p := uvtest.Must(l.Spawn(opts, nil))
		ins = append(ins, p.Stdio(0))
		left = append(left, p.PID())
		uvtest.CloseAll(t, p)
	}
	for _, in := range ins {
		uvtest.CloseAll(t, in)
	}
	uvtest.Check(t, l.Run(t.Context()))
	looptest.Poll(t, l, func() bool {
		left = slices.DeleteFunc(left, func(pid int) bool { return errors.Is(handles.Kill(pid, syscall.Signal(0)), syscall.ESRCH) })
		return len(left) == 0
	})
}
