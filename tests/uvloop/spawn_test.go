package uvloop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
)

func init() {
	suite.Add(kit.Suite{
		"spawn_fail_no_leak": kit.PerLoop(testSpawnFailNoLeak),
		"only_listed_fds":    kit.PerLoop(testOnlyListedFDs),
		"pipe_1mb":           kit.PerLoop(testPipeMegabyte),
		"close_kills":        kit.PerLoop(testCloseKills),
		"exec_in_parallel":   kit.PerParking(testExecInParallel),
	})
}

func testSpawnFailNoLeak(t *testing.T, l *uvgo.Loop) {
	all := []handles.Stdio{
		handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites), handles.StdioFile(os.Stderr),
		handles.StdioPipe(handles.ChildReads | handles.ChildWrites),
	}
	spawns := func() {
		for range 10 {
			for _, file := range []string{"/no/such/program", "/", "/dev/null"} {
				p, err := l.Spawn(handles.ProcessOptions{File: file, Stdio: all}, nil)
				if p != nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
					t.Fatalf("%s: %v, %v", file, p, err)
				}
			}
			var e kit.Exit
			p := uvtest.Must(l.Spawn(kit.Shell("exit 0", all...), e.Note))
			for _, n := range []int{0, 1, 3} {
				p.Stdio(n).Close()
			}
			p.Close()
			p = uvtest.Must(l.Spawn(kit.Shell("exit 0"), e.Note))
			looptest.Run(t, l)
			e.Want(t, 0, 0)
			kit.CloseAndRun(t, l, p)
		}
	}
	kit.CloseAndRun(t, l, uvtest.Must(l.NewPipe())) // libuv opens its spare descriptor
	fds := uvtest.FDs()
	spawns()
	// What reaps the children whose handle was closed may still be at it.
	for end := time.Now().Add(time.Minute); uvtest.FDs() != fds; looptest.TurnNoWait(t, l) {
		if time.Now().After(end) {
			t.Fatalf("%d descriptors, %d before", uvtest.FDs(), fds)
		}
	}
}

func testOnlyListedFDs(t *testing.T, l *uvgo.Loop) {
	r, w := must2(os.Pipe())
	defer r.Close()
	defer w.Close()
	loose := uvtest.Must(unix.Dup(int(r.Fd()))) // without close-on-exec
	defer unix.Close(loose)
	uvtest.CloseOnExec(t)
	var e kit.Exit
	p := uvtest.Must(l.Spawn(handles.ProcessOptions{
		File: "ls", Args: []string{"ls", "/proc/self/fd"},
		Stdio: []handles.Stdio{{}, handles.StdioPipe(handles.ChildWrites), {}, {}, {}, {}, handles.StdioFile(w)},
	}, e.Note))
	out := p.Stdio(1)
	var got bytes.Buffer
	uvtest.Check(t, out.ReadStart(func(b []byte, err error) {
		if got.Write(b); err != nil {
			out.Close()
		}
	}))
	looptest.Run(t, l)
	e.Want(t, 0, 0)
	if fds := strings.Fields(got.String()); !slices.Equal(fds, []string{"0", "1", "2", "3", "6"}) { // 3: ls's own
		t.Errorf("the child has %v", fds)
	}
	kit.CloseAndRun(t, l, p)

	for _, bad := range []int{-1, 1 << 20} {
		p, err := l.Spawn(kit.Shell("exit 0", handles.Stdio{}, handles.StdioFD(bad)), nil)
		if p != nil || err == nil || !strings.Contains(err.Error(), "stdio 1") {
			t.Errorf("descriptor %d: %v, %v", bad, p, err)
		}
	}
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

func testPipeMegabyte(t *testing.T, l *uvgo.Loop) {
	data := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{1}).Read(data)
	var e kit.Exit
	p := uvtest.Must(l.Spawn(handles.ProcessOptions{
		File:  "cat",
		Stdio: []handles.Stdio{handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites)},
	}, e.Note))
	in, out := p.Stdio(0), p.Stdio(1)
	var got bytes.Buffer
	uvtest.Check(t, out.ReadStart(func(b []byte, err error) {
		if got.Write(b); err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			out.Close()
		}
	}))
	uvtest.Must(in.Write(data))
	uvtest.Check(t, in.Shutdown(func(err error) {
		uvtest.Check(t, err)
		in.Close()
	}))
	looptest.Run(t, l)
	e.Want(t, 0, 0)
	if !bytes.Equal(got.Bytes(), data) {
		t.Errorf("%d bytes came back, or others", got.Len())
	}
	kit.CloseAndRun(t, l, p)
}

func testCloseKills(t *testing.T, l *uvgo.Loop) {
	opts := kit.Shell("trap '' TERM HUP INT; echo up; read x", handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites))
	opts.KillOnClose = true
	p := uvtest.Must(l.Spawn(opts, func(int, syscall.Signal) { t.Error("the exit callback ran after Close") }))
	pid, in, out := p.PID(), p.Stdio(0), p.Stdio(1)
	uvtest.Check(t, out.ReadStart(func([]byte, error) { // it is up
		uvtest.Check(t, out.ReadStop())
		uvtest.Check(t, p.Close())
	}))
	closed := uvtest.NewCounter(t, "close callback", 1)
	p.OnClose(func() {
		closed.Inc()
		if err := handles.Kill(pid, syscall.Signal(0)); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("the child has not been reaped: %v", err)
		}
	})
	looptest.Run(t, l)
	if closed.N() != 1 {
		t.Error("Run did not wait for the child's end")
	}
	kit.CloseAndRun(t, l, in, out)
}

func testExecInParallel(t *testing.T, park uvgo.Option) {
	const loops, execs = 2, 2
	spawns := 100
	if testing.Short() {
		spawns = 20
	}
	var all sync.WaitGroup
	for range loops {
		all.Go(func() {
			if got, err := spawnMany(park, spawns); err != nil || got != spawns {
				t.Errorf("%d of %d exits, %v", got, spawns, err)
			}
		})
	}
	for range execs {
		all.Go(func() {
			for i := range spawns {
				var exit *exec.ExitError
				err := exec.Command("/bin/sh", "-c", "exit 9").Run()
				if !errors.As(err, &exit) || exit.ExitCode() != 9 {
					t.Errorf("os/exec %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
}

// spawnMany runs n children on a loop of its own, several at a time, each with an
// exit status of its own, and counts those that end as they should.
func spawnMany(park uvgo.Option, n int) (good int, err error) {
	l, err := uvgo.New(park)
	if err != nil {
		return 0, err
	}
	started := 0
	var next func()
	next = func() {
		if started == n || err != nil {
			return
		}
		started++
		want := started % 250
		var p *handles.Process
		p, err = l.Spawn(kit.Shell("exit "+strconv.Itoa(want)), func(status int, sig syscall.Signal) {
			if status == want && sig == 0 {
				good++
			}
			p.Close()
			next()
		})
	}
	for range 8 {
		next()
	}
	err = errors.Join(err, l.Run(context.Background()))
	return good, errors.Join(err, l.Close())
}
