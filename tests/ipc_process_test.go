package tests

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() {
	uvtest.Helper("ipc worker", ipcWorker)
	uvtest.Helper("ipc connections", ipcConnections)
	uvtest.Helper("ipc mirror", ipcMirror)
	uvtest.Helper("ipc poor", ipcPoor)
}

// startIPC starts a helper and returns the channel to it: descriptor 3 there.
func startIPC(t testing.TB, l *uvgo.Loop, helper string, args ...string) (*handles.Pipe, *exec.Cmd) {
	t.Helper()
	ours, theirs, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	check(t, err)
	p := must(l.NewPipe(handles.IPC))
	check(t, p.Open(ours.Fd()))
	check(t, ours.Close())
	cmd := uvtest.Command(t, helper, args...)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	check(t, theirs.Close())
	return p, cmd
}

// channel is a helper's end of it.
func channel(l *uvgo.Loop) *handles.Pipe {
	p := must(l.NewPipe(handles.IPC))
	must(0, p.Open(3))
	unix.Close(3)
	return p
}

// shareOf is how many connections each worker serves.
const shareOf = 20

// TestIPCWorkersShareAListener: three processes accept from one socket, which the
// parent made and sent to each.
func TestIPCWorkersShareAListener(t *testing.T) {
	onEachLoop(func(t *testing.T, l *uvgo.Loop) {
		ln := must(l.NewTCP())
		check(t, ln.Bind(anyPort))
		addr := must(ln.LocalAddr()).String()
		var served map[string]int
		clients := make(chan map[string]int, 1)
		const workers = 3
		ready := 0
		var cmds []*exec.Cmd
		for i := range workers {
			p, cmd := startIPC(t, l, "ipc worker", fmt.Sprint("worker ", i))
			cmds = append(cmds, cmd)
			check(t, p.WriteHandle([]byte("listen"), ln, func(err error) { check(t, err) }))
			check(t, p.ReadStart(func(b []byte, err error) {
				if err != nil {
					isErr(t, "channel", err, io.EOF)
					closeAll(t, p)
					return
				}
				if ready++; ready == workers {
					closeAll(t, ln) // theirs stay
					go func() { clients <- visit(addr, workers*shareOf) }()
				}
			}))
		}
		looptest.Run(t, l)
		served = <-clients
		for i := range workers {
			if n := served[fmt.Sprint("worker ", i)]; n != shareOf {
				t.Errorf("worker %d served %d connections", i, n)
			}
			check(t, cmds[i].Wait())
		}
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			t.Error("somebody listens still")
		}
	})(t)
}

// visit connects one time after the other and counts who answered.
func visit(addr string, n int) map[string]int {
	served := map[string]int{}
	for range n {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			served[err.Error()]++
			return served
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		who, err := io.ReadAll(c)
		if err != nil {
			who = []byte(err.Error())
		}
		served[string(who)]++
		c.Close()
	}
	return served
}

// ipcWorker serves its share of the listener that its parent sends.
func ipcWorker() {
	must(0, uvgo.Run(bg, func(l *uvgo.Loop) error {
		p := channel(l)
		return p.ReadStart(func(b []byte, err error) {
			must(0, err)
			must(0, p.ReadStop())
			ln := must(p.Accept()).(*handles.TCP)
			left := shareOf
			must(0, ln.Listen(128, func(c *handles.TCP, err error) {
				must(0, err)
				must(c.Write([]byte(os.Args[1])))
				must(0, c.Shutdown(func(error) { c.Close() }))
				if left--; left == 0 {
					ln.Close()
					p.Close()
				}
			}))
			must(p.Write([]byte("ready")))
		})
	}))
}

// TestIPCConnectionsBetweenProcesses: the parent accepts, a child answers over
// the connection and passes it back, and the parent ends it.
func TestIPCConnectionsBetweenProcesses(t *testing.T) {
	onEachLoop(func(t *testing.T, l *uvgo.Loop) {
		p, cmd := startIPC(t, l, "ipc connections")
		const n = 50
		ln, addr := tcpListener(t, l, func(c *handles.TCP) {
			check(t, p.WriteHandle([]byte("c"), c, func(err error) { check(t, err) }))
			closeAll(t, c)
		})
		back := 0
		check(t, p.ReadStart(func(_ []byte, err error) {
			check(t, err)
			for p.PendingCount() > 0 {
				c := must(p.Accept()).(*handles.TCP)
				must(c.Write([]byte(", parent")))
				check(t, c.Shutdown(func(error) { c.Close() }))
				if back++; back == n {
					closeAll(t, p, ln)
				}
			}
		}))
		clients := make(chan map[string]int, 1)
		go func() { clients <- visit(addr.String(), n) }()
		looptest.Run(t, l)
		if got := <-clients; got["child, parent"] != n {
			t.Errorf("connections got %v", got)
		}
		check(t, cmd.Wait())
	})(t)
}

// ipcConnections writes to each connection that it gets and passes it back.
func ipcConnections() {
	must(0, uvgo.Run(bg, func(l *uvgo.Loop) error {
		p := channel(l)
		return p.ReadStart(func(b []byte, err error) {
			if err == io.EOF {
				p.Close()
				return
			}
			must(0, err)
			for p.PendingCount() > 0 {
				c := must(p.Accept()).(*handles.TCP)
				must(0, c.WriteFunc(func(err error) {
					must(0, err)
					must(0, p.WriteHandle([]byte("c"), c, nil))
					c.Close()
				}, []byte("child")))
			}
		})
	}))
}

// TestIPCThousandsOfDescriptors go to a child and come back, and neither process
// keeps one.
func TestIPCThousandsOfDescriptors(t *testing.T) {
	onEachLoop(func(t *testing.T, l *uvgo.Loop) {
		n := 5000
		if testing.Short() {
			n = 1000
		}
		p, cmd := startIPC(t, l, "ipc mirror")
		f := must(os.CreateTemp(t.TempDir(), ""))
		sent, got, kept := 0, 0, ""
		before := uvtest.FDs()
		send := func(err error) {
			check(t, err)
			for ; sent < n && sent < got+100; sent++ {
				check(t, p.WriteFile([]byte("."), f, nil))
			}
		}
		send(nil)
		check(t, p.ReadStart(func(b []byte, err error) {
			check(t, err)
			if text, ok := strings.CutPrefix(string(b), "kept "); ok {
				kept = text
				closeAll(t, p)
				return
			}
			for p.PendingCount() > 0 {
				check(t, must(p.AcceptFile()).Close())
				got++
			}
			if got == n {
				must(p.Write([]byte("count")))
			}
			send(nil)
		}))
		looptest.Run(t, l)
		check(t, cmd.Wait())
		if got != n || kept != "0" {
			t.Errorf("%d of %d came back, the child keeps %s", got, n, kept)
		}
		if after := uvtest.FDs(); after > before {
			t.Errorf("%d descriptors are open, before it were %d", after, before)
		}
		check(t, f.Close())
	})(t)
}

// ipcMirror passes back what it gets.
func ipcMirror() {
	must(0, uvgo.Run(bg, func(l *uvgo.Loop) error {
		p := channel(l)
		before := uvtest.FDs()
		return p.ReadStart(func(b []byte, err error) {
			if err == io.EOF {
				p.Close()
				return
			}
			must(0, err)
			for p.PendingCount() > 0 {
				f := must(p.AcceptFile())
				must(0, p.WriteFile([]byte("."), f, func(err error) { must(0, err) }))
				must(0, f.Close())
			}
			if strings.HasSuffix(string(b), "count") {
				must(fmt.Fprintf(p, "kept %d", uvtest.FDs()-before))
			}
		})
	}))
}

// TestIPCOutOfDescriptors: a child that has room for a few more gets the bytes and
// those few, the kernel drops the rest, and the next message is whole again. When
// it has none left a queued write of a handle fails at once.
func TestIPCOutOfDescriptors(t *testing.T) {
	onEachLoop(func(t *testing.T, l *uvgo.Loop) {
		p, cmd := startIPC(t, l, "ipc poor")
		fds := make([]int, 60)
		for i := range fds {
			fds[i] = int(os.Stderr.Fd())
		}
		fd := must(p.FD())
		var answers []string
		check(t, p.ReadStart(func(b []byte, err error) {
			if err != nil {
				isErr(t, "channel", err, io.EOF)
				closeAll(t, p)
				return
			}
			answers = append(answers, string(b))
			switch len(answers) {
			case 1:
				check(t, unix.Sendmsg(fd, []byte("m"), unix.UnixRights(fds...), nil, 0))
			case 2:
				check(t, unix.Sendmsg(fd, []byte("m"), unix.UnixRights(fds[:3]...), nil, 0))
			case 3:
				must(p.Write([]byte("end")))
			}
		}))
		looptest.Run(t, l)
		check(t, cmd.Wait())
		if want := "[ready all 3]"; fmt.Sprint(answers) != want {
			t.Errorf("got %v, want %s", answers, want)
		}
	})(t)
}

// ipcPoor tells how many descriptors came with each message.
func ipcPoor() {
	must(0, uvgo.Run(bg, func(l *uvgo.Loop) error {
		p := channel(l)
		near, far, err := handles.NewPipePair(l, handles.IPC)
		must(0, err)
		must(near.Write(make([]byte, 8<<20))) // so that what follows is queued
		limit := uint64(uvtest.FDs() + 10)
		must(0, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: limit}))
		var free []*os.File
		for {
			f, err := os.Open(os.DevNull)
			if err != nil {
				break
			}
			free = append(free, f)
		}
		for _, f := range free {
			f.Close()
		}
		must(p.Write([]byte("ready")))
		return p.ReadStart(func(b []byte, err error) {
			must(0, err)
			if string(b) == "end" {
				p.Close()
				near.Close()
				far.Close()
				return
			}
			var files []*os.File
			for p.PendingCount() > 0 {
				files = append(files, must(p.AcceptFile()))
			}
			answer := fmt.Sprint(len(files))
			if len(files) == len(free) {
				answer = "all"
				if err := near.WriteHandle(b, p, nil); !errors.Is(err, unix.EMFILE) {
					panic(err)
				}
			}
			for _, f := range files {
				f.Close()
			}
			must(p.Write([]byte(answer)))
		})
	}))
}
