package handles_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("spawn table", spawnTable) }

// A child is made without a copy of this process's memory: Spawn works where the kernel
// refuses such copies.
func TestSpawnDoesNotFork(t *testing.T) {
	const want = "signals: 0 0\n"
	if out, err := uvtest.Command(t, "spawn table", "fork", t.TempDir()).CombinedOutput(); err != nil || !strings.HasSuffix(string(out), want) {
		t.Errorf("%v\n%s", err, out)
	}
}

// A child is in every way the same as one that libuv makes by fork, which is used where
// the kernel refuses the other way.
func TestSpawnAsLibuvDoes(t *testing.T) {
	var outcomes []string
	for _, refused := range []string{"nothing", "vfork"} {
		out, err := uvtest.Command(t, "spawn table", refused, t.TempDir()).CombinedOutput()
		if err != nil {
			t.Fatalf("%s refused: %v\n%s", refused, err, out)
		}
		outcomes = append(outcomes, string(out))
	}
	if n := strings.Count(outcomes[0], ": 0 0\n"); n < 15 {
		t.Errorf("%d children ended well:\n%s", n, outcomes[0])
	}
	if diff := cmp.Diff(outcomes[1], outcomes[0]); diff != "" {
		t.Errorf("(-libuv's child +ours):\n%s", diff)
	}
}

// refuse makes the kernel refuse one kind of clone to this process: "fork", which
// copies the memory, or "vfork", which shares it until the child execs.
func refuse(what string) {
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		bits  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		ret   = unix.BPF_RET | unix.BPF_K
	)
	var test unix.SockFilter // jumps over one if it is to be allowed
	switch what {
	case "nothing":
		return
	case "fork":
		test = unix.SockFilter{Code: bits, K: unix.CLONE_VM, Jt: 1}
	case "vfork":
		test = unix.SockFilter{Code: bits, K: unix.CLONE_VFORK, Jf: 1}
	}
	filter := []unix.SockFilter{
		{Code: load, K: 0}, // the number of the call
		{Code: equal, K: unix.SYS_CLONE, Jf: 3},
		{Code: load, K: 16}, // the low half of the first argument
		test,
		{Code: ret, K: 0x00050000 | uint32(unix.EPERM)}, // SECCOMP_RET_ERRNO
		{Code: ret, K: 0x7fff0000},                      // SECCOMP_RET_ALLOW
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	uvtest.Must(0, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, 1 /* SECCOMP_SET_MODE_FILTER */, 1 /* all threads */, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		panic(errno)
	}
	runtime.KeepAlive(filter)
}

// spawnTable runs children with different options and prints their properties.
func spawnTable() {
	refuse(os.Args[1])
	dir := os.Args[2]
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		uvtest.Must(0, os.MkdirAll(filepath.Dir(path), 0o755))
		uvtest.Must(0, os.WriteFile(path, []byte(content), 0o600))
		uvtest.Must(0, os.Chmod(path, mode))
		return path
	}
	script := file("a/script", `echo "$# ${0##*/} $1"`, 0o755) // without #!: the shell runs it
	file("a/denied", "#!/bin/sh\n", 0o644)
	file("b/denied", "#!/bin/sh\necho from b\n", 0o755)
	file("b/later", "#!/bin/sh\necho \"later $0\" | /bin/sed s,"+dir+",DIR,\n", 0o755)
	file("b/interpreter", "#!/no/such/file\n", 0o755)
	file("b/loop", "", 0o755)
	uvtest.Must(0, os.Remove(dir+"/b/loop"))
	uvtest.Must(0, os.Symlink("loop", dir+"/b/loop"))
	ab := []string{"PATH=" + dir + "/none:" + dir + "/a:" + script + ":" + dir + "/b"}
	signal.Ignore(syscall.SIGUSR1, syscall.Signal(40))
	signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR2, syscall.Signal(41))

	l := uvtest.Must(uvgo.New())
	out := handles.StdioFD(1) // not a pipe: the child has written everything when it has ended
	try := func(name string, opts handles.ProcessOptions) {
		for len(opts.Stdio) < 3 {
			opts.Stdio = append(opts.Stdio, out)
		}
		p, err := l.Spawn(opts, func(status int, sig syscall.Signal) { fmt.Printf("%s: %d %d\n", name, status, sig) })
		if err != nil {
			text := strings.ReplaceAll(err.Error(), dir, "DIR")
			fmt.Printf("%s: %s %s\n", name, text[:min(40, len(text))], text[max(0, len(text)-40):])
			return
		}
		for i := range opts.Stdio {
			if s := p.Stdio(i); s != nil {
				uvtest.Must(0, s.Close())
			}
		}
		uvtest.Must(0, l.Run(context.Background()))
		uvtest.Must(0, p.Close())
	}
	status := func(fields string) handles.ProcessOptions {
		return handles.ProcessOptions{File: "grep", Args: []string{"grep", "-E", fields, "/proc/self/status"}, Stdio: []handles.Stdio{{}}}
	}
	try("signals", status("^Sig(Pnd|Blk|Ign|Cgt)|^ShdPnd"))
	if os.Args[1] == "fork" {
		return // what follows runs shells, which fork
	}
	detached := sh(`read stat </proc/$$/stat; set -- $stat; [ $1 = $5 ] && [ $1 = $6 ] && echo leader`)
	detached.Detached = true
	try("detached", detached)
	if os.Getuid() == 0 {
		id := uint32(65534)
		ids := status("^(Uid|Gid|Groups|Cap)")
		ids.UID, ids.GID = &id, &id
		try("another user", ids)
		ids.UID = nil
		try("another group", ids)
		ids.UID, ids.GID = &id, nil
		try("another user of our group", ids)
	}
	list := "ls -l /proc/self/fd | grep -o '[0-9]* -> .*' | sed 's/:.*//; /\\/proc\\//d'"
	leak := uvtest.Must(unix.Dup(2)) // without close-on-exec
	try("nothing but what is given", sh(list))
	null := uvtest.Must(os.OpenFile("/dev/zero", os.O_RDWR, 0))
	n := handles.StdioFile(null)
	both := handles.StdioPipe(handles.ChildReads | handles.ChildWrites)
	try("many descriptors", sh(list, n, out, both, handles.Stdio{}, n, out, handles.Stdio{}, both, n, both, both, n))
	try("stdio changes places", sh(list+" >&3", out, n, handles.StdioFD(0), handles.StdioFD(leak), handles.StdioFD(2)))
	try("nothing at all", sh(list+" >&3", handles.Stdio{}, handles.Stdio{}, handles.Stdio{}, out))
	uvtest.Must(0, unix.Close(leak))
	uvtest.Must(0, unix.SetNonblock(int(null.Fd()), true))
	try("blocking", sh("grep -h flags /proc/self/fdinfo/0 /proc/self/fdinfo/3", n, out, n, n))
	uvtest.Must(0, unix.SetNonblock(int(null.Fd()), true))
	try("not blocking", sh("grep -h flags /proc/self/fdinfo/3", out, out, out, n))

	for _, tt := range []struct {
		name, file, dir string
		env             []string
	}{
		{"a script by path", script, "", nil},
		{"a script by PATH", "script", "", ab},
		{"a script in the directory", "./script", dir + "/a", nil},
		{"an empty entry of PATH", "script", dir + "/a", []string{"PATH="}},
		{"an empty last entry of PATH", "script", dir + "/a", []string{"PATH=/none:"}},
		{"a relative entry of PATH", "script", dir, []string{"PATH=a"}},
		{"an entry that is too long", "script", dir, []string{"PATH=" + strings.Repeat("x", 5000) + ":a"}},
		{"no PATH", "echo", "", []string{"A=1"}},
		{"no PATH and no such file", "no-such-file", "", []string{}},
		{"the later of two", "later", "", ab},
		{"the one that may be executed", "denied", "", ab},
		{"the only one may not be executed", "denied", "", []string{"PATH=" + dir + "/a:/none"}},
		{"a directory is in the way", "a", "", []string{"PATH=" + dir}},
		{"no interpreter", "interpreter", "", ab},
		{"a loop of links", "loop", "", ab},
		{"a name that is too long", strings.Repeat("n", 256), "", ab},
		{"a path that is too long", "/" + strings.Repeat("n/", 3000), "", nil},
		{"no such directory", "sh", dir + "/none", nil},
		{"a file as directory", "sh", script, nil},
	} {
		try(tt.name, handles.ProcessOptions{File: tt.file, Args: []string{tt.file, "first", "second"}, Dir: tt.dir, Env: tt.env, Stdio: []handles.Stdio{{}}})
	}
	try("no arguments", handles.ProcessOptions{File: script})
	try("too many arguments", handles.ProcessOptions{File: "sh", Args: []string{"sh", strings.Repeat("x", 1<<20)}})
	try("killed", sh("kill -SEGV $$"))
	uvtest.Must(0, l.Run(context.Background()))
	uvtest.Must(0, l.Close())
}
