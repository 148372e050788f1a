package handles_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() {
	uvtest.Helper("ipc child", ipcChild)
	uvtest.Helper("stdio inheritance", stdioInheritance)
}

// A descriptor is passed to a child over its IPC pipe, and the child answers over both.
func TestStdioPassesDescriptors(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		r, w, err := os.Pipe()
		uvtest.Check(t, err)
		defer r.Close()
		cmd := uvtest.Command(t, "ipc child")
		var status int
		p, err := l.Spawn(handles.ProcessOptions{
			File: cmd.Path, Args: cmd.Args, Env: cmd.Environ(),
			Stdio: []handles.Stdio{{}, {}, handles.StdioFD(2), handles.StdioPipe(handles.ChildReads|handles.ChildWrites, handles.IPC)},
		}, func(st int, _ syscall.Signal) { status = st })
		uvtest.Check(t, err)
		ipc := p.Stdio(3)
		uvtest.Check(t, ipc.WriteFile([]byte("write here"), w, nil))
		answer := readAll(t, ipc)
		uvtest.Check(t, l.Run(t.Context()))
		w.Close()
		if got := string(uvtest.Must(io.ReadAll(r))); got != "from the child" || answer.String() != "written" || status != 0 {
			t.Errorf("%q in the file, %q over the pipe, status %d", got, answer, status)
		}
		uvtest.CloseAll(t, p)
	})
}

// ipcChild writes to the file that it gets over descriptor 3.
func ipcChild() {
	l := uvtest.Must(uvgo.New())
	ipc := uvtest.Must(l.NewPipe(handles.IPC))
	uvtest.Must(0, ipc.Take(3))
	uvtest.Must(0, ipc.ReadStart(func(b []byte, err error) {
		if string(b) != "write here" || ipc.PendingCount() != 1 {
			panic(string(b))
		}
		f := uvtest.Must(ipc.AcceptFile())
		uvtest.Must(f.WriteString("from the child"))
		uvtest.Must(0, f.Close())
		uvtest.Must(ipc.Write([]byte("written")))
		uvtest.Must(0, ipc.Shutdown(func(error) { ipc.Close() }))
	}))
	uvtest.Must(0, l.Run(context.Background()))
	uvtest.Must(0, l.Close())
}

// DisableStdioInheritance marks descriptors that lack the flag.
func TestDisableStdioInheritance(t *testing.T) {
	out, err := uvtest.Command(t, "stdio inheritance").CombinedOutput()
	got := slices.DeleteFunc(strings.Fields(string(out)), func(fd string) bool { return len(fd) > 2 }) // behind a gap
	if err != nil || !slices.Equal(got, []string{"0", "1", "2", "3"}) {                                // 3: ls's own
		t.Errorf("a child of os/exec has %v, %v", got, err)
	}
}

func stdioInheritance() {
	for range 5 {
		uvtest.Must(unix.Dup(1))
	}
	handles.DisableStdioInheritance()
	cmd := exec.Command("ls", "/proc/self/fd")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	uvtest.Must(0, cmd.Run())
}
