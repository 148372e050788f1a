package handles_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func TestSpawnArgsEnvDir(t *testing.T) {
	l := looptest.New(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	uvtest.Check(t, err)
	t.Setenv("FROM_US", "yes")
	for _, tt := range []struct {
		name string
		opts handles.ProcessOptions
		want string
	}{
		{"no arguments", handles.ProcessOptions{File: "pwd", Dir: dir}, dir + "\n"},
		{"arguments as they are", handles.ProcessOptions{File: "printf", Args: []string{"printf", "%s|", "a b", "", "$x", "é"}}, "a b||$x|é|"},
		{"the name that the program sees", handles.ProcessOptions{File: "/bin/sh", Args: []string{"other", "-c", "echo $0"}}, "other\n"},
		{"our environment", sh("echo $FROM_US"), "yes\n"},
		{"an environment", handles.ProcessOptions{File: "/usr/bin/env", Env: []string{"A=1", "B=", "A=2", "nonsense"}}, "B=\nA=2\nnonsense\n"},
		{"no environment", handles.ProcessOptions{File: "/usr/bin/env", Env: []string{}}, ""},
		{"a file that is relative to the directory", handles.ProcessOptions{File: "bin/sh", Dir: "/", Args: []string{"sh", "-c", "pwd"}}, "/\n"},
		{"a file in the PATH of the environment", handles.ProcessOptions{File: "mine", Env: []string{"PATH=" + dir}}, "found\n"},
	} {
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, "mine"), []byte("#!/bin/sh\necho found\n"), 0o777))
		if got, status, sig := output(t, l, tt.opts); got != tt.want || status != 0 || sig != 0 {
			t.Errorf("%s: %q, status %d, signal %v; want %q", tt.name, got, status, sig, tt.want)
		}
	}
}

func TestSpawnFailures(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	uvtest.Check(t, os.WriteFile(plain, []byte("text"), 0o666))
	looptest.OnEachLoop(t, func(t *testing.T, l *uvgo.Loop) {
		uvtest.CloseAll(t, uvtest.Must(l.NewPipe())) // libuv opens the descriptor that it keeps for EMFILE
		uvtest.Check(t, l.Run(t.Context()))
		fds := uvtest.FDs()
		for _, tt := range []struct {
			name, addr string
			opts       handles.ProcessOptions
			want       error
		}{
			{"no file", "", handles.ProcessOptions{}, syscall.EINVAL},
			{"no such file", "/no/such/file", handles.ProcessOptions{File: "/no/such/file"}, fs.ErrNotExist},
			{"no such file in PATH", "no-such-file", handles.ProcessOptions{File: "no-such-file"}, fs.ErrNotExist},
			{"no such directory", dir + "/none", handles.ProcessOptions{File: "/bin/sh", Dir: dir + "/none"}, fs.ErrNotExist},
			{"a file as directory", plain, handles.ProcessOptions{File: "/bin/sh", Dir: plain}, syscall.ENOTDIR},
			{"no such file in a directory", "./none", handles.ProcessOptions{File: "./none", Dir: dir}, fs.ErrNotExist},
			{"not executable", plain, handles.ProcessOptions{File: plain}, fs.ErrPermission},
			{"a directory as file", dir, handles.ProcessOptions{File: dir}, fs.ErrPermission},
			{"too many arguments", "/bin/sh", handles.ProcessOptions{File: "/bin/sh", Args: []string{"sh", strings.Repeat("x", 1<<20)}}, syscall.E2BIG},
			{"NUL in the file", `"/bin/sh\x00"`, handles.ProcessOptions{File: "/bin/sh\x00"}, syscall.EINVAL},
			{"NUL in an argument", `"a\x00b"`, handles.ProcessOptions{File: "/bin/sh", Args: []string{"sh", "a\x00b"}}, syscall.EINVAL},
			{"NUL in the environment", `"A=\x00"`, handles.ProcessOptions{File: "/bin/sh", Env: []string{"A=\x00"}}, syscall.EINVAL},
			{"NUL in the directory", `"/\x00"`, handles.ProcessOptions{File: "/bin/sh", Dir: "/\x00"}, syscall.EINVAL},
		} {
			tt.opts.Stdio = []handles.Stdio{
				handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites), handles.StdioFD(2),
			}
			p, err := l.Spawn(tt.opts, func(int, syscall.Signal) { t.Errorf("%s: exit callback", tt.name) })
			var e *uv.Error
			if p != nil || !errors.As(err, &e) || e.Op != "spawn" || e.Addr != tt.addr || !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, %#v", tt.name, p, err)
			}
			for h := range l.Walk() {
				t.Errorf("%s: a %s handle is left", tt.name, h.Kind())
			}
			if l.Alive() {
				t.Errorf("%s: alive with nothing to do", tt.name)
			}
			uvtest.Check(t, l.Run(t.Context()))
			if got := uvtest.FDs(); got != fds {
				t.Fatalf("%s: %d descriptors, %d before", tt.name, got, fds)
			}
			if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
				t.Errorf("%s: child %d is left, %v", tt.name, pid, err)
			}
		}
		uvtest.Check(t, l.Run(t.Context()))
	})
}

// A loop whose only spawn failed can be closed at once.
func TestSpawnFailureLeavesTheLoopClosable(t *testing.T) {
	l := uvtest.Must(uvgo.New())
	_, err := l.Spawn(handles.ProcessOptions{File: "/none", Stdio: []handles.Stdio{handles.StdioPipe(handles.ChildReads)}}, nil)
	uvtest.IsErr(t, "spawn", err, syscall.ENOENT)
	if l.Alive() {
		t.Error("alive with nothing to do")
	}
	uvtest.Check(t, l.Close())
	_, err = l.Spawn(sh("exit 0"), nil)
	uvtest.IsErr(t, "spawn on a closed loop", err, uv.ErrClosed)
	_, err = handles.Spawn(nil, sh("exit 0"), nil)
	uvtest.IsErr(t, "spawn without a loop", err, uv.EINVAL)
}

// Spawn fails when the process has no descriptor left, and works when it has some
// again.
func TestSpawnOutOfDescriptors(t *testing.T) {
	l := looptest.New(t)
	var old unix.Rlimit
	uvtest.Check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	var taken []int
	free := func() {
		for _, fd := range taken {
			unix.Close(fd)
		}
		taken = nil
		uvtest.Check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &old))
	}
	defer free()
	for left := range 12 { // so that each step of Spawn fails once
		uvtest.Check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 256, Max: old.Max}))
		for {
			fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				break
			}
			taken = append(taken, fd)
		}
		for range min(left, len(taken)) {
			unix.Close(taken[len(taken)-1])
			taken = taken[:len(taken)-1]
		}
		opts := sh("exit 0", handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites), handles.StdioFD(2), handles.StdioFD(2))
		p, err := l.Spawn(opts, nil)
		if err != nil {
			uvtest.IsErr(t, fmt.Sprintf("%d descriptors left", left), err, syscall.EMFILE)
		} else {
			uvtest.CloseAll(t, p, p.Stdio(0), p.Stdio(1))
		}
		if left == 0 && err == nil || left == 11 && err != nil {
			t.Errorf("%d descriptors left: %v", left, err)
		}
		free()
		uvtest.Check(t, l.Run(t.Context()))
	}
	if _, status, sig := output(t, l, sh("exit 4")); status != 4 || sig != 0 {
		t.Errorf("status %d, signal %v", status, sig)
	}
}

// The child has no blocked signals and no handlers, and ignores nothing, whatever this
// process does. Real-time signals stay ignored if this process was started with them
// ignored.
func TestSpawnResetsSignals(t *testing.T) {
	l := looptest.New(t)
	defer signal.Reset(syscall.SIGHUP, syscall.SIGUSR1)
	signal.Ignore(syscall.SIGHUP)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR1)
	out, _, _ := output(t, l, handles.ProcessOptions{File: "cat", Args: []string{"cat", "/proc/self/status"}})
	got := make(map[string]string)
	for line := range strings.Lines(out) {
		if name, mask, _ := strings.Cut(line, ":"); strings.HasPrefix(name, "Sig") || strings.HasPrefix(name, "ShdPnd") {
			got[name] = strings.TrimSpace(mask)
		}
	}
	delete(got, "SigQ")
	if mask, err := strconv.ParseUint(got["SigIgn"], 16, 64); err == nil {
		got["SigIgn"] = fmt.Sprintf("%016x", mask&(1<<31-1)) // signal n is bit n-1
	}
	want := make(map[string]string)
	for _, name := range []string{"SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"} {
		want[name] = "0000000000000000"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSpawnDetached(t *testing.T) {
	l := looptest.New(t)
	for _, detached := range []bool{false, true} {
		opts := sh("read x", handles.StdioPipe(handles.ChildReads))
		opts.Detached = detached
		var got syscall.Signal
		p, err := l.Spawn(opts, func(_ int, sig syscall.Signal) { got = sig })
		uvtest.Check(t, err)
		sid, pgid := uvtest.Must(unix.Getsid(p.PID())), uvtest.Must(unix.Getpgid(p.PID()))
		if leads := sid == p.PID() && pgid == p.PID(); leads != detached {
			t.Errorf("detached %t: session %d and group %d of process %d", detached, sid, pgid, p.PID())
		}
		p.Unref()
		uvtest.Check(t, l.Run(t.Context())) // does not wait
		p.Ref()
		pid := p.PID()
		if detached {
			pid = -pid // all of its group
		}
		uvtest.Check(t, handles.Kill(pid, syscall.SIGTERM))
		uvtest.Check(t, l.Run(t.Context()))
		if got != syscall.SIGTERM {
			t.Errorf("ended by %v", got)
		}
		uvtest.CloseAll(t, p, p.Stdio(0))
	}
}

func TestSpawnAsAnotherUser(t *testing.T) {
	l := looptest.New(t)
	id := uint32(65534)
	opts := sh("id -u; id -g; id -G")
	opts.UID, opts.GID = &id, &id
	if os.Getuid() != 0 {
		_, err := l.Spawn(opts, nil)
		uvtest.IsErr(t, "another user's", err, fs.ErrPermission)
		uvtest.Check(t, l.Run(t.Context()))
		return
	}
	if out, _, _ := output(t, l, opts); out != "65534\n65534\n65534\n" {
		t.Errorf("as another user: %q", out)
	}
	opts.UID = nil
	if out, _, _ := output(t, l, opts); !strings.HasPrefix(out, "0\n65534\n") {
		t.Errorf("in another group: %q", out)
	}
	// Such a child may not become root again; the handle's own file is refused.
	opts = handles.ProcessOptions{File: filepath.Join(t.TempDir(), "none"), UID: &id}
	_, err := l.Spawn(opts, nil)
	uvtest.IsErr(t, "a file that the user cannot see", err, fs.ErrPermission)
	uvtest.Check(t, l.Run(t.Context()))
}
