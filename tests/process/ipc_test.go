package process

import (
	"context"
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
	"github.com/uvgo/uvgo/tests/internal/kit"
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
	uvtest.Check(t, err)
	p := uvtest.Must(l.NewPipe(handles.IPC))
	uvtest.Check(t, p.Open(ours.Fd()))
	uvtest.Check(t, ours.Close())
	cmd := uvtest.Command(t, helper, args...)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = os.Stderr
	uvtest.Check(t, cmd.Start())
	uvtest.Check(t, theirs.Close())
	return p, cmd
}

// channel is a helper's end of it.
func channel(l *uvgo.Loop) *handles.Pipe {
	p := uvtest.Must(l.NewPipe(handles.IPC))
	uvtest.Must(0, p.Open(3))
	unix.Close(3)
	return p
}

// shareOf is how many connections each worker serves.
const shareOf = 20

// TestIPCWorkersShareAListener: three processes accept from one socket, which the
// parent made and sent to each.
func TestIPCWorkersShareAListener(t *testing.T) {
	kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		ln := uvtest.Must(l.NewTCP())
		uvtest.Check(t, ln.Bind(looptest.Loopback))
		addr := uvtest.Must(ln.LocalAddr()).String()
		var served map[string]int
		clients := make(chan map[string]int, 1)
		const workers = 3
		ready := 0
		var cmds []*exec.Cmd
		for i := range workers {
			p, cmd := startIPC(t, l, "ipc worker", fmt.Sprint("worker ", i))
			cmds = append(cmds, cmd)
			uvtest.Check(t, p.WriteHandle([]byte("listen"), ln, func(err error) { uvtest.Check(t, err) }))
			uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
				if err != nil {
					uvtest.IsErr(t, "channel", err, io.EOF)
					uvtest.CloseAll(t, p)
					return
				}
				if ready++; ready == workers {
					uvtest.CloseAll(t, ln) // theirs stay
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
			uvtest.Check(t, cmds[i].Wait())
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
	uvtest.Must(0, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		p := channel(l)
		return p.ReadStart(func(b []byte, err error) {
			uvtest.Must(0, err)
			uvtest.Must(0, p.ReadStop())
			ln := uvtest.Must(p.Accept()).(*handles.TCP)
			left := shareOf
			uvtest.Must(0, ln.Listen(128, func(c *handles.TCP, err error) {
				uvtest.Must(0, err)
				uvtest.Must(c.Write([]byte(os.Args[1])))
				uvtest.Must(0, c.Shutdown(func(error) { c.Close() }))
				if left--; left == 0 {
					ln.Close()
					p.Close()
				}
			}))
			uvtest.Must(p.Write([]byte("ready")))
		})
	}))
}

// TestIPCConnectionsBetweenProcesses: the parent accepts, a child answers over
// the connection and passes it back, and the parent ends it.
func TestIPCConnectionsBetweenProcesses(t *testing.T) {
	kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		p, cmd := startIPC(t, l, "ipc connections")
		const n = 50
		ln, addr := kit.TCPListener(t, l, func(c *handles.TCP) {
			uvtest.Check(t, p.WriteHandle([]byte("c"), c, func(err error) { uvtest.Check(t, err) }))
			uvtest.CloseAll(t, c)
		})
		back := 0
		uvtest.Check(t, p.ReadStart(func(_ []byte, err error) {
			uvtest.Check(t, err)
			for p.PendingCount() > 0 {
				c := uvtest.Must(p.Accept()).(*handles.TCP)
				uvtest.Must(c.Write([]byte(", parent")))
				uvtest.Check(t, c.Shutdown(func(error) { c.Close() }))
				if back++; back == n {
					uvtest.CloseAll(t, p, ln)
				}
			}
		}))
		clients := make(chan map[string]int, 1)
		go func() { clients <- visit(addr.String(), n) }()
		looptest.Run(t, l)
		if got := <-clients; got["child, parent"] != n {
			t.Errorf("connections got %v", got)
		}
		uvtest.Check(t, cmd.Wait())
	})(t)
}

// ipcConnections writes to each connection that it gets and passes it back.
func ipcConnections() {
	uvtest.Must(0, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		p := channel(l)
		return p.ReadStart(func(b []byte, err error) {
			if err == io.EOF {
				p.Close()
				return
			}
			uvtest.Must(0, err)
			for p.PendingCount() > 0 {
				c := uvtest.Must(p.Accept()).(*handles.TCP)
				uvtest.Must(0, c.WriteFunc(func(err error) {
					uvtest.Must(0, err)
					uvtest.Must(0, p.WriteHandle([]byte("c"), c, nil))
					c.Close()
				}, []byte("child")))
			}
		})
	}))
}

// TestIPCThousandsOfDescriptors go to a child and come back, and neither process
// keeps one.
func TestIPCThousandsOfDescriptors(t *testing.T) {
	kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		n := 5000
		if testing.Short() {
			n = 1000
		}
		p, cmd := startIPC(t, l, "ipc mirror")
		f := uvtest.Must(os.CreateTemp(t.TempDir(), ""))
		sent, got, kept := 0, 0, ""
		before := uvtest.FDs()
		send := func(err error) {
			uvtest.Check(t, err)
			for ; sent < n && sent < got+100; sent++ {
				uvtest.Check(t, p.WriteFile([]byte("."), f, nil))
			}
		}
		send(nil)
		uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
			uvtest.Check(t, err)
			if text, ok := strings.CutPrefix(string(b), "kept "); ok {
				kept = text
				uvtest.CloseAll(t, p)
				return
			}
			for p.PendingCount() > 0 {
				uvtest.Check(t, uvtest.Must(p.AcceptFile()).Close())
				got++
			}
			if got == n {
				uvtest.Must(p.Write([]byte("count")))
			}
			send(nil)
		}))
		looptest.Run(t, l)
		uvtest.Check(t, cmd.Wait())
		if got != n || kept != "0" {
			t.Errorf("%d of %d came back, the child keeps %s", got, n, kept)
		}
		if after := uvtest.FDs(); after > before {
			t.Errorf("%d descriptors are open, before it were %d", after, before)
		}
		uvtest.Check(t, f.Close())
	})(t)
}

// ipcMirror passes back what it gets.
func ipcMirror() {
	uvtest.Must(0, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		p := channel(l)
		before := uvtest.FDs()
		return p.ReadStart(func(b []byte, err error) {
			if err == io.EOF {
				p.Close()
				return
			}
			uvtest.Must(0, err)
			for p.PendingCount() > 0 {
				f := uvtest.Must(p.AcceptFile())
				uvtest.Must(0, p.WriteFile([]byte("."), f, func(err error) { uvtest.Must(0, err) }))
				uvtest.Must(0, f.Close())
			}
			if strings.HasSuffix(string(b), "count") {
				uvtest.Must(fmt.Fprintf(p, "kept %d", uvtest.FDs()-before))
			}
		})
	}))
}

// TestIPCOutOfDescriptors: a child that has room for a few more gets the bytes and
// those few, the kernel drops the rest, and the next message is whole again. When
// it has none left a queued write of a handle fails at once.
func TestIPCOutOfDescriptors(t *testing.T) {
	kit.PerLoop(func(t *testing.T, l *uvgo.Loop) {
		p, cmd := startIPC(t, l, "ipc poor")
		fds := make([]int, 60)
		for i := range fds {
			fds[i] = int(os.Stderr.Fd())
		}
		fd := uvtest.Must(p.FD())
		var answers []string
		uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
			if err != nil {
				uvtest.IsErr(t, "channel", err, io.EOF)
				uvtest.CloseAll(t, p)
				return
			}
			answers = append(answers, string(b))
			switch len(answers) {
			case 1:
				uvtest.Check(t, unix.Sendmsg(fd, []byte("m"), unix.UnixRights(fds...), nil, 0))
			case 2:
				uvtest.Check(t, unix.Sendmsg(fd, []byte("m"), unix.UnixRights(fds[:3]...), nil, 0))
			case 3:
				uvtest.Must(p.Write([]byte("end")))
			}
		}))
		looptest.Run(t, l)
		uvtest.Check(t, cmd.Wait())
		if want := "[ready all 3]"; fmt.Sprint(answers) != want {
			t.Errorf("got %v, want %s", answers, want)
		}
	})(t)
}

// ipcPoor tells how many descriptors came with each message.
func ipcPoor() {
	uvtest.Must(0, uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		p := channel(l)
		near, far, err := handles.NewPipePair(l, handles.IPC)
		uvtest.Must(0, err)
		uvtest.Must(near.Write(make([]byte, 8<<20))) // so that what follows is queued
		limit := uint64(uvtest.FDs() + 10)
		uvtest.Must(0, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: limit}))
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
		uvtest.Must(p.Write([]byte("ready")))
		return p.ReadStart(func(b []byte, err error) {
			uvtest.Must(0, err)
			if string(b) == "end" {
				p.Close()
				near.Close()
				far.Close()
				return
			}
			var files []*os.File
			for p.PendingCount() > 0 {
				files = append(files, uvtest.Must(p.AcceptFile()))
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
			uvtest.Must(p.Write([]byte(answer)))
		})
	}))
}
