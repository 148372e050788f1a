package handles_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func TestStdioNothing(t *testing.T) {
	l := looptest.New(t)
	out, status, _ := output(t, l, sh("readlink /proc/self/fd/0 /proc/self/fd/2; read x"))
	if out != "/dev/null\n/dev/null\n" || status != 1 {
		t.Errorf("%q, status %d", out, status)
	}
}

// The child gets only the listed descriptors, even if the parent has others without
// close-on-exec.
func TestStdioListsAllThatTheChildHas(t *testing.T) {
	l := looptest.New(t)
	loose := uvtest.Must(unix.Dup(0)) // not close-on-exec
	defer unix.Close(loose)
	uvtest.CloseOnExec(t)
	f, err := os.Open("/dev/zero")
	uvtest.Check(t, err)
	defer f.Close()
	extra := []handles.Stdio{{}, {}, {}, handles.StdioFile(f), {}, handles.StdioFD(loose), handles.StdioPipe(handles.ChildReads), {}}
	// Not a shell, which would open descriptors of its own.
	opts := handles.ProcessOptions{File: "ls", Args: []string{"ls", "/proc/self/fd"}, Stdio: extra}
	opts.Stdio[1] = handles.StdioPipe(handles.ChildWrites)
	p, err := l.Spawn(opts, nil)
	uvtest.Check(t, err)
	out := readAll(t, p.Stdio(1))
	uvtest.Check(t, l.Run(t.Context()))
	// 4 is the directory itself.
	if got := strings.Fields(out.String()); !slices.Equal(got, []string{"0", "1", "2", "3", "4", "5", "6"}) {
		t.Errorf("the child has %v", got)
	}
	uvtest.CloseAll(t, p, p.Stdio(6))
}

func TestStdioInheritsDescriptors(t *testing.T) {
	l := looptest.New(t)
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	defer r.Close()
	defer w.Close()
	// stdout and stderr change places, both also elsewhere.
	r2, w2, err := os.Pipe()
	uvtest.Check(t, err)
	defer r2.Close()
	p, err := l.Spawn(sh("echo out; echo err >&2; echo five >&5", handles.Stdio{}, handles.StdioFile(w), handles.StdioFD(int(w2.Fd())), handles.Stdio{}, handles.Stdio{}, handles.StdioFile(w)), nil)
	uvtest.Check(t, err)
	w.Close()
	w2.Close()
	if got := string(uvtest.Must(io.ReadAll(r))); got != "out\nfive\n" {
		t.Errorf("the first file got %q", got)
	}
	if got := string(uvtest.Must(io.ReadAll(r2))); got != "err\n" {
		t.Errorf("the second file got %q", got)
	}
	uvtest.Check(t, l.Run(t.Context()))
	uvtest.CloseAll(t, p)
}

// A descriptor may have the number of another that the child still needs.
func TestStdioPermutesDescriptors(t *testing.T) {
	l := looptest.New(t)
	var files []*os.File
	for i := range 3 {
		f, err := os.CreateTemp(t.TempDir(), "")
		uvtest.Check(t, err)
		defer f.Close()
		uvtest.Check(t, os.WriteFile(f.Name(), fmt.Appendf(nil, "%d", i), 0o666))
		files = append(files, f)
	}
	// The child's 3, 4 and 5 are this process's descriptors in reverse order.
	slices.SortFunc(files, func(a, b *os.File) int { return int(b.Fd()) - int(a.Fd()) })
	want := ""
	io := make([]handles.Stdio, 3)
	for _, f := range files {
		io = append(io, handles.StdioFile(f))
		want += string(uvtest.Must(os.ReadFile(f.Name())))
	}
	if got, _, _ := output(t, l, handles.ProcessOptions{File: "/bin/sh", Args: []string{"sh", "-c", "cat <&3 <&3; cat <&4; cat <&5"}, Stdio: io}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestStdioStream(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		client, server := looptest.Pair(t, l)
		answer := readAll(t, client)
		uvtest.Check(t, client.WriteFunc(nil, []byte("over the socket\n")))
		uvtest.Check(t, client.Shutdown(nil))
		p, err := l.Spawn(handles.ProcessOptions{File: "cat", Stdio: []handles.Stdio{handles.StdioStream(server), handles.StdioStream(server)}}, nil)
		uvtest.Check(t, err)
		uvtest.CloseAll(t, server)
		uvtest.Check(t, l.Run(t.Context()))
		if answer.String() != "over the socket\n" {
			t.Errorf("the child answered %q", answer)
		}
		uvtest.CloseAll(t, p)
	})
}

// A child serves a listener of this process.
func TestStdioListener(t *testing.T) {
	l := looptest.New(t)
	ln, _ := looptest.Listen(t, l, func(*handles.TCP, error) { t.Error("accepted here") })
	out, _, _ := output(t, l, handles.ProcessOptions{
		File: "/bin/sh", Args: []string{"sh", "-c", "readlink /proc/self/fd/3 | cut -d: -f1"},
		Stdio: []handles.Stdio{{}, {}, {}, handles.StdioStream(ln)},
	})
	if out != "socket\n" {
		t.Errorf("descriptor 3 is %q", out)
	}
	uvtest.CloseAll(t, ln)
}

func TestStdioErrors(t *testing.T) {
	l, foreign := looptest.New(t), looptest.New(t)
	closed, empty, other := uvtest.Must(l.NewPipe()), uvtest.Must(l.NewTCP()), uvtest.Must(foreign.NewPipe())
	uvtest.CloseAll(t, closed)
	f := uvtest.Must(os.Open("/dev/null"))
	uvtest.Check(t, f.Close())
	for _, tt := range []struct {
		name  string
		stdio handles.Stdio
		want  error
	}{
		{"negative descriptor", handles.StdioFD(-1), syscall.EINVAL},
		{"descriptor that is cut to 1", handles.StdioFD(1<<32 + 1), syscall.EINVAL},
		{"descriptor that is not open", handles.StdioFD(1 << 20), syscall.EBADF},
		{"nil file", handles.StdioFile(nil), syscall.EINVAL},
		{"closed file", handles.StdioFile(f), fs.ErrClosed},
		{"nil stream", handles.StdioStream(nil), syscall.EINVAL},
		{"nil TCP", handles.StdioStream((*handles.TCP)(nil)), syscall.EINVAL},
		{"stream that was never opened", handles.StdioStream(new(handles.Pipe)), syscall.EINVAL},
		{"closed stream", handles.StdioStream(closed), uv.ErrClosed},
		{"stream of another loop", handles.StdioStream(other), syscall.EINVAL},
		{"stream without a socket", handles.StdioStream(empty), syscall.EINVAL},
		{"pipe without a direction", handles.StdioPipe(0), syscall.EINVAL},
		{"pipe with an unknown mode", handles.StdioPipe(handles.ChildReads | 1), syscall.EINVAL},
	} {
		p, err := l.Spawn(sh("exit 0", handles.StdioFD(0), handles.StdioPipe(handles.ChildWrites), tt.stdio), nil)
		uvtest.IsErr(t, tt.name, err, tt.want)
		if p != nil || err == nil || !strings.HasPrefix(err.Error(), "spawn") || !strings.Contains(err.Error(), "stdio 2: ") {
			t.Errorf("%s: %v, %v", tt.name, p, err)
		}
	}
	uvtest.CloseAll(t, empty, other)
	uvtest.Check(t, l.Run(t.Context()))
	uvtest.Check(t, foreign.Run(t.Context()))
}

func TestStdioPipeDirections(t *testing.T) {
	l := looptest.New(t)
	p, err := l.Spawn(sh("cat; cat <&3 >&3", handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites),
		handles.Stdio{}, handles.StdioPipe(handles.ChildReads|handles.ChildWrites, handles.IPC)), nil)
	uvtest.Check(t, err)
	in, out, both := p.Stdio(0), p.Stdio(1), p.Stdio(3)
	for _, n := range []int{-1, 2, 4} {
		if p.Stdio(n) != nil {
			t.Errorf("a pipe for %d", n)
		}
	}
	if in.Readable() || !in.Writable() || !out.Readable() || out.Writable() || !both.Readable() || !both.Writable() {
		t.Error("directions are wrong")
	}
	uvtest.IsErr(t, "reading what the child reads", in.ReadStart(func([]byte, error) {}), syscall.ENOTCONN)
	_, err = out.Write([]byte("x"))
	uvtest.IsErr(t, "writing what the child writes", err, syscall.EPIPE)
	uvtest.IsErr(t, "opening a pipe that has a socket", in.Open(0), syscall.EBUSY)
	got, echoed := readAll(t, out), readAll(t, both)
	uvtest.Must(in.Write([]byte("one way")))
	uvtest.Check(t, in.Shutdown(func(err error) { uvtest.Check(t, err); in.Close() }))
	uvtest.Must(both.Write([]byte("both ways")))
	uvtest.Check(t, both.Shutdown(nil))
	uvtest.Check(t, l.Run(t.Context()))
	if got.String() != "one way" || echoed.String() != "both ways" {
		t.Errorf("%q, %q", got, echoed)
	}
	uvtest.CloseAll(t, p)
}

func TestStdioMegabyte(t *testing.T) {
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		data := uvtest.Pattern(1<<20, 1)
		p, err := l.Spawn(handles.ProcessOptions{File: "cat", Stdio: []handles.Stdio{handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites)}}, nil)
		uvtest.Check(t, err)
		out := readAll(t, p.Stdio(1))
		in := p.Stdio(0)
		uvtest.Check(t, in.WriteFunc(nil, data))
		uvtest.Check(t, in.Shutdown(func(err error) { uvtest.Check(t, err); in.Close() }))
		uvtest.Check(t, l.Run(t.Context()))
		if !bytes.Equal([]byte(out.String()), data) {
			t.Errorf("%d bytes came back, or others", out.Len())
		}
		uvtest.CloseAll(t, p)
	}, smallArenas)
}
