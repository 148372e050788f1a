package workers

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/internal/sock"
)

// A control is the socket by which other processes of the user ask for the status, and give orders: a line with a command, and an
// answer of a line of JSON.
type control struct {
	run  *run
	ln   *net.UnixListener
	path string
	file sock.File
	wg   sync.WaitGroup
	mu   sync.Mutex
	open map[net.Conn]struct{} // nil once it is closed
}

// An Answer is what the control socket answers to a command: status, reload, stop, upgrade, or scale and a number.
type Answer struct {
	Error  string  `json:"error,omitempty"`
	Status *Status `json:"status,omitempty"`
}

// controlDir returns the directory of the user's control sockets.
func controlDir() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return dir
	}
	return filepath.Join(os.TempDir(), "uvgo-"+strconv.Itoa(os.Geteuid()))
}

// ControlPath returns the path of the control socket that the supervisor with this process ID has unless it is told otherwise, as
// far as it runs as the same user, with the same XDG_RUNTIME_DIR or directory for temporary files.
func ControlPath(pid int) string {
	return filepath.Join(controlDir(), fmt.Sprintf("uvgo-workers-%d.sock", pid))
}

// ControlPaths returns the control sockets of all supervisors of the user, also those that supervisors have left behind that were killed.
func ControlPaths() []string {
	all, _ := filepath.Glob(filepath.Join(controlDir(), "uvgo-workers-*.sock")) // fails only for a bad pattern
	return all
}

// listenControl makes the control socket, or goes on with that of the program before. Only one that was asked for must work.
func (r *run) listenControl(before *legacy) error {
	path := r.controlPath
	if path == "none" {
		return nil
	}
	var err error
	if path == "" {
		path = ControlPath(os.Getpid())
		err = sock.PrivateDir(controlDir())
	}
	switch {
	case err != nil:
	case before != nil && before.Control >= 0 && before.Path == path:
		r.control, err = controlOf(os.NewFile(uintptr(before.Control), path), path)
	default:
		r.control, err = listenPrivately(path)
	}
	switch {
	case err != nil && r.controlPath == "":
		r.log.Warn("workers: no control socket: uvgo workers status will not work", "error", err)
		return nil
	case err != nil:
		return fmt.Errorf("the control socket %s: %w", path, err)
	}
	r.control.run = r
	r.control.wg.Go(r.control.serve)
	return nil
}

// listenPrivately listens on a unix socket with mode 0600.
func listenPrivately(path string) (*control, error) {
	f, err := sock.ListenPrivately(path)
	if err != nil {
		return nil, err
	}
	return controlOf(f, path)
}

// controlOf makes the control of a duplicate of a socket that listens at the path. It closes the file.
func controlOf(f *os.File, path string) (*control, error) {
	defer f.Close()
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	c := &control{path: path, file: sock.Identify(path), open: make(map[net.Conn]struct{}), ln: ln.(*net.UnixListener)}
	c.ln.SetUnlinkOnClose(false)
	return c, nil
}

// duplicate returns a duplicate of the socket's descriptor, -1 if there is none.
func (c *control) duplicate() int {
	if c == nil {
		return -1
	}
	fd, err := activation.Duplicate(c.ln)
	if err != nil {
		return -1
	}
	return fd
}

// where is the path of the socket, "" if there is none.
func (c *control) where() string {
	if c == nil {
		return ""
	}
	return c.path
}

// serve answers until the socket is closed.
func (c *control) serve() {
	for {
		nc, err := c.ln.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, perhaps
			time.Sleep(100 * time.Millisecond)
			continue
		}
		c.mu.Lock()
		if c.open == nil {
			_ = nc.Close()
		} else {
			c.open[nc] = struct{}{}
			c.wg.Go(func() { c.answer(nc) })
		}
		c.mu.Unlock()
	}
}

// answer answers one command.
func (c *control) answer(nc *net.UnixConn) {
	defer func() {
		c.mu.Lock()
		delete(c.open, nc)
		c.mu.Unlock()
		_ = nc.Close()
	}()
	_ = nc.SetReadDeadline(time.Now().Add(10 * time.Second)) // the next read tells what is wrong
	line, err := bufio.NewReader(io.LimitReader(nc, 1024)).ReadString('\n')
	if err != nil {
		return
	}
	var a Answer
	if err := c.do(strings.Fields(line), &a); err != nil {
		a = Answer{Error: err.Error()}
	}
	_ = json.NewEncoder(nc).Encode(a) // the asker may have gone
}

// do carries a command out.
func (c *control) do(words []string, a *Answer) error {
	verb := ""
	if len(words) > 0 {
		verb, words = words[0], words[1:]
	}
	r := c.run
	switch {
	case verb == "status" && len(words) == 0:
		return r.call(func(r *run, done func(error)) { st := r.status(); a.Status = &st; done(nil) })
	case verb == "reload" && len(words) == 0:
		return r.call((*run).reload)
	case verb == "upgrade" && len(words) == 0:
		return r.call((*run).upgrade)
	case verb == "stop" && len(words) == 0:
		return r.call(func(r *run, done func(error)) { r.stop("uvgo workers stop"); done(nil) })
	case verb == "scale" && len(words) == 1:
		n, err := strconv.Atoi(words[0])
		if err != nil {
			return fmt.Errorf("%q is not a number of workers", words[0])
		}
		return r.call(func(r *run, done func(error)) { done(r.scale(n)) })
	}
	return fmt.Errorf("unknown command %q: there are status, reload, upgrade, stop and scale N", strings.Join(append([]string{verb}, words...), " "))
}

// close closes the socket and removes its file.
func (c *control) close() {
	if c == nil {
		return
	}
	c.file.Remove()
	_ = c.ln.Close()
	c.mu.Lock()
	for nc := range c.open {
		_ = nc.SetDeadline(time.Now().Add(time.Second)) // an answer may be under way
		_ = nc.(*net.UnixConn).CloseRead()
	}
	c.open = nil
	c.mu.Unlock()
	c.wg.Wait()
}

// ErrHungUp is the error of Ask when the supervisor has ended, or has executed its new program, before it has answered.
var ErrHungUp = errors.New("the supervisor has hung up without an answer")

// statusTimeout is how long a supervisor may take to tell its status.
var statusTimeout = 10 * time.Second

// Ask sends a command to the supervisor whose control socket is at the path, and returns its answer. A reload is answered when it is done.
// A status is answered at once: Ask waits for it for 10 seconds at most.
func Ask(path string, words ...string) (Answer, error) {
	var a Answer
	nc, err := net.Dial("unix", path)
	if err != nil {
		return a, err
	}
	defer nc.Close()
	if len(words) == 1 && words[0] == "status" { // the others may take as long as workers do
		_ = nc.SetDeadline(time.Now().Add(statusTimeout)) // fails only for a closed one
	}
	if _, err := fmt.Fprintln(nc, strings.Join(words, " ")); err != nil {
		return a, err
	}
	switch err := json.NewDecoder(nc).Decode(&a); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return a, fmt.Errorf("the supervisor has not answered within %v: it is stopped, or hangs", statusTimeout)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return a, ErrHungUp
	case err != nil:
		return a, err
	case a.Error != "":
		return a, errors.New(strings.TrimPrefix(a.Error, "workers: "))
	}
	return a, nil
}
