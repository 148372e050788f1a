package uvloop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"stdio_inheritable": testStdioInheritable,
		"abandoned_loop":    testAbandonedLoop,
		"loops_repeated":    kit.PerParking(testLoopsRepeated),
	})
	uvtest.Helper("stdio", stdioHelper)
	uvtest.Helper("abandoned loop", abandonedLoop)
}

// testStdioInheritable runs a loop in a process whose stdio are pipes, lets it
// use them, and looks at what is left of them for the process and its child.
func testStdioInheritable(t *testing.T) {
	for _, parking := range []string{"thread", "goroutine"} {
		for _, use := range []string{"untouched", "opened"} {
			t.Run(parking+"/"+use, func(t *testing.T) {
				uvtest.Watchdog(t, 2*time.Minute)
				cmd := uvtest.Command(t, "stdio", parking, use)
				var out, errs bytes.Buffer
				cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("in\n"), &out, &errs
				if err := cmd.Run(); err != nil {
					t.Errorf("%v\n%s", err, errs.String())
				}
				want := "from the loop\nfrom the process\nfrom the child\n"
				if use == "untouched" {
					want = "from the process\nfrom the child\n"
				}
				if out.String() != want || errs.String() != "from the child\n" {
					t.Errorf("stdout %q, stderr %q", out.String(), errs.String())
				}
			})
		}
	}
}

func stdioHelper() {
	way := uvgo.ParkThread
	if os.Args[1] == "goroutine" {
		way = uvgo.ParkGoroutine
	}
	l := uvtest.Must(uvgo.New(uvgo.WithParking(way)))
	if os.Args[2] == "opened" {
		var pipes []*handles.Pipe
		for fd := range uintptr(3) {
			p := uvtest.Must(l.NewPipe())
			uvtest.Must(0, p.Open(fd))
			pipes = append(pipes, p)
		}
		uvtest.Must(0, pipes[0].ReadStart(func(p []byte, err error) {
			if string(p) != "in\n" {
				panic(fmt.Sprintf("read %q, %v", p, err))
			}
			uvtest.Must(pipes[1].Write([]byte("from the loop\n")))
			uvtest.Must(0, pipes[1].Shutdown(func(error) { // closes neither 1 nor its duplicate's pipe
				for _, p := range pipes {
					p.Close()
				}
			}))
			uvtest.Must(0, pipes[0].ReadStop())
		}))
	}
	uvtest.Must(0, l.Run(context.Background()))
	uvtest.Must(0, l.Close())
	for fd := range 3 {
		if flags := uvtest.Must(unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)); flags&unix.FD_CLOEXEC != 0 {
			panic(fmt.Sprintf("descriptor %d is not inherited", fd))
		}
	}
	uvtest.Must(os.Stdout.WriteString("from the process\n"))
	cmd := exec.Command("sh", "-c", "echo from the child; echo from the child >&2")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	uvtest.Must(0, cmd.Run())
}

// testAbandonedLoop drops loops in the middle of things: nothing of them may
// hold them, and their loggers hear of it.
func testAbandonedLoop(t *testing.T) {
	for _, way := range []string{"thread", "goroutine"} {
		t.Run(way, func(t *testing.T) {
			if out := helper(t, 0, "abandoned loop", way); out != "" {
				t.Error(out)
			}
		})
	}
}

func abandonedLoop() {
	way := uvgo.ParkThread
	if os.Args[1] == "goroutine" {
		way = uvgo.ParkGoroutine
	}
	var log logBuffer
	const loops = 5
	for range loops {
		abandon(uvgo.WithParking(way), log.option())
	}
	var lines []string
	for round := 0; len(lines) < loops && round < 400; round++ {
		runtime.GC()
		time.Sleep(5 * time.Millisecond) // cleanups and finalizers run beside us
		lines = append(lines, log.lines()...)
	}
	if len(lines) != loops {
		fmt.Printf("%d of %d loops were reported: %q\n", len(lines), loops, lines)
	}
	for _, line := range lines {
		if !strings.Contains(line, "level=WARN") || !strings.Contains(line, "dropped without Close") ||
			!strings.Contains(line, "process_test.go:") {
			fmt.Println(line)
		}
	}
	for range 5 { // what else the collector finds does no harm
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
}

// abandon makes a loop, runs it until writes are stuck, and forgets it with a
// query and a file operation under way. Its callbacks refer to it.
func abandon(opts ...uvgo.Option) {
	l := uvtest.Must(uvgo.New(opts...))
	fds := uvtest.Must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	p := uvtest.Must(l.NewPipe())
	uvtest.Must(0, p.Open(uintptr(fds[0])))
	uvtest.Must(0, unix.Close(fds[0])) // the other end stays, and nobody reads it
	end := func(error) { l.Stop() }
	uvtest.Must(0, p.WriteFunc(end, make([]byte, 8<<20)))
	uvtest.Must(0, p.WriteFunc(end, []byte("small")))
	uvtest.Must(p.Write(make([]byte, 1<<20)))
	uvtest.Must(0, p.ReadStart(func([]byte, error) { l.Stop() }))
	uvtest.Must(l.AfterFunc(time.Hour, l.Stop))
	uvtest.Must(l.NewAsync(l.Stop))
	uvtest.Must(l.RunNoWait())
	uvtest.Must(requests.GetAddrInfo(l, "localhost", "", streamHints, func([]requests.AddrInfo, error) { l.Stop() }))
	uvtest.Must(requests.FSStat(l, os.DevNull, func(uv.Stat, error) { l.Stop() }))
	uvtest.Must(0, l.Post(l.Stop))
	uvtest.Must(0, p.WriteFunc(end, make([]byte, 8<<20))) // submitted, never drained
	if p.WriteQueueSize() == 0 {
		panic("the writes are not in flight")
	}
	if err := l.Close(); !errors.Is(err, uv.EBUSY) { // a failed Close changes nothing
		panic(err)
	}
}

func testLoopsRepeated(t *testing.T, park uvgo.Option) {
	const loops, at = 1000, 4
	rss := func() uint64 {
		debug.FreeOSMemory()
		return uvtest.RSS()
	}
	churn := func(n int) {
		t.Helper()
		var wg sync.WaitGroup
		for range at {
			wg.Go(func() {
				for range n / at {
					if err := kit.WholeLife(park, nil); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	churn(loops / 4) // caches and arenas fill
	fds := uvtest.FDs()
	const most = 4 << 20 // 4 KiB a loop
	var grown []int64
	for range 5 { // what is lost is lost each time; caches, and the race detector's, stop growing
		before := rss()
		churn(loops)
		grown = append(grown, int64(rss())-int64(before))
		if grown[len(grown)-1] <= most {
			break
		}
	}
	if slices.Min(grown) > most {
		t.Errorf("memory grew each time, by %d bytes, over %d loops", grown, loops)
	}
	if got := uvtest.FDs(); got != fds {
		t.Errorf("%d descriptors, %d before", got, fds)
	}
}
