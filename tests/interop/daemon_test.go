package interop

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// maxWait is how long a server may take to start or to stop.
const maxWait = time.Minute

// A daemon is a real server in a process of its own. It dies with the test.
type daemon struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu  sync.Mutex
	log strings.Builder
}

// startDaemon starts cmd and returns when a line of its output contains ready.
func startDaemon(cmd *exec.Cmd, ready string) (*daemon, error) {
	d := &daemon{cmd: cmd, done: make(chan struct{})}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = w, w
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the death signal comes when the thread ends, not the process
		err := cmd.Start()
		w.Close()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(d.done)
		}
	}()
	if err := <-started; err != nil {
		r.Close()
		return nil, err
	}
	isReady := make(chan struct{})
	go d.read(r, ready, isReady)
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case <-isReady:
		return d, nil
	case <-d.done:
	case <-timer.C:
		d.stop(syscall.SIGKILL)
	}
	return nil, fmt.Errorf("%s has not started: %v\n%s", cmd.Path, cmd.ProcessState, d.output())
}

// read keeps what the server prints.
func (d *daemon) read(r *os.File, ready string, isReady chan<- struct{}) {
	defer r.Close()
	for lines := bufio.NewScanner(r); lines.Scan(); {
		d.mu.Lock()
		fmt.Fprintln(&d.log, lines.Text())
		d.mu.Unlock()
		if isReady != nil && strings.Contains(lines.Text(), ready) {
			close(isReady)
			isReady = nil
		}
	}
}

func (d *daemon) output() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

// stop signals the server and waits for its end; it is killed if it does not
// heed that. It returns what is wrong with how it ended.
func (d *daemon) stop(sig syscall.Signal) error {
	_ = d.cmd.Process.Signal(sig) // fails if it has ended
	timer := time.AfterFunc(maxWait, func() { _ = d.cmd.Process.Kill() })
	defer timer.Stop()
	<-d.done
	if !d.cmd.ProcessState.Success() {
		return fmt.Errorf("%s: %v\n%s", d.cmd.Path, d.cmd.ProcessState, d.output())
	}
	return nil
}

// freePort returns a loopback port that was free a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// shortDir makes a directory with a path short enough for sockets in it, which
// belongs to who, or to this process's user.
func shortDir(t testing.TB, who *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "uvgo")
	uvtest.Check(t, err)
	t.Cleanup(func() { uvtest.Check(t, os.RemoveAll(dir)) })
	if who != nil {
		uvtest.Check(t, os.Chown(dir, int(who.Uid), int(who.Gid)))
		uvtest.Check(t, os.Chmod(dir, 0o755))
	}
	return dir
}

// ordinary returns the credentials of the first of the users that exists if this
// process is root, which some servers refuse to run as; else nil.
func ordinary(t testing.TB, names ...string) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range names {
		if u, err := user.Lookup(name); err == nil {
			uid, err := strconv.ParseUint(u.Uid, 10, 32)
			uvtest.Check(t, err)
			gid, err := strconv.ParseUint(u.Gid, 10, 32)
			uvtest.Check(t, err)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatalf("none of the users %q exists", names)
	return nil
}

// installed returns the path of a program that setup.sh installs.
func installed(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: tests/interop/setup.sh installs it", err)
	}
	return path
}
