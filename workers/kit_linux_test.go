package workers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvhttp"
)

// helperEnv is uvtest's: it names what a process of this test binary is. It must go on to what a supervisor executes and starts.
const helperEnv = "UVGO_TEST_HELPER"

func init() {
	uvtest.Helper("supervise", supervise)
	uvtest.Helper("serve", serve)
	uvtest.Helper("stubborn", stubborn)
	uvtest.Helper("late", late)
}

// A plan is what the helper supervise does.
type plan struct {
	Supervisor *Supervisor
	Helper     string // what the workers are; "": Supervisor.Command
	Subreaper  bool   // orphans become its children, as those of PID 1 do
	Reads      string // its own output is a pipe that is read once this file is there; "": it is as it is
}

// supervise runs a Supervisor, described by JSON.
func supervise() {
	p := plan{Supervisor: &Supervisor{}}
	if err := json.Unmarshal([]byte(os.Args[1]), &p); err != nil {
		panic(err)
	}
	os.Setenv(helperEnv, "supervise") // an upgrade executes this again
	s := p.Supervisor
	if p.Helper != "" {
		exe, err := os.Executable()
		if err != nil {
			panic(err)
		}
		s.Command = []string{exe}
		s.Env = append(os.Environ(), helperEnv+"="+p.Helper)
	}
	if p.Subreaper {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			panic(err)
		}
	}
	if p.Reads != "" {
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		go func(to io.Writer) {
			was, same := 0, 0
			for _, err := os.Stat(p.Reads); err != nil; _, err = os.Stat(p.Reads) {
				n, _ := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ)
				if same++; n == 0 || n != was {
					was, same = n, 0
				}
				if same == 10 { // the size of pipes differs
					fmt.Fprintln(os.Stderr, "the output is full")
				}
				time.Sleep(5 * time.Millisecond)
			}
			io.Copy(to, r)
		}(os.Stdout)
		os.Stdout = w
	}
	s.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := s.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "Run:", err)
		os.Exit(1)
	}
}

// serve is a worker: an HTTP server. It does not start while the file in CRASH is there.
func serve() {
	if file := os.Getenv("CRASH"); file != "" {
		if _, err := os.Stat(file); err == nil && (os.Getenv("CRASH_WORKER") == "" || os.Getenv("CRASH_WORKER") == os.Getenv("UVGO_WORKER")) {
			os.Exit(3)
		}
	}
	ctx := Context()
	lns, err := Listeners("")
	if err != nil {
		panic(err)
	}
	var grown [][]byte
	var mu sync.Mutex
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, os.Getpid())
		w.(http.Flusher).Flush()
		io.Copy(io.Discard, r.Body) // until the client ends it
		fmt.Fprintln(w, " done")
	})
	mux.HandleFunc("/grow", func(w http.ResponseWriter, _ *http.Request) {
		p := make([]byte, 256<<20)
		for i := 0; i < len(p); i += 4096 {
			p[i] = 1
		}
		mu.Lock()
		grown = append(grown, p)
		mu.Unlock()
		fmt.Fprint(w, os.Getpid())
	})
	srv := &uvhttp.Server{Handler: mux, Loops: 1, ShutdownGrace: time.Second}
	for _, ln := range lns {
		go srv.Serve(ln)
	}
	if err := Ready(); err != nil {
		panic(err)
	}
	<-ctx.Done()
	limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := srv.Shutdown(limit); err != nil {
		fmt.Fprintln(os.Stderr, "shutdown:", err)
	}
}

// stubborn is a worker that does not end.
func stubborn() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	Ready()
	select {}
}

// late is a worker that says that it is there, and is ready when the file in LATE is there.
func late() {
	ctx := Context()
	if err := activation.Notify("STATUS=loads"); err != nil {
		panic(err)
	}
	for {
		if _, err := os.Stat(os.Getenv("LATE")); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	Ready()
	<-ctx.Done()
}

func itoa(n int) string { return strconv.Itoa(n) }

// A supervised is a supervisor in a process of its own.
type supervised struct {
	t       *testing.T
	cmd     *exec.Cmd
	control string
	log     *syncBuffer
	out     *syncBuffer
	ended   chan struct{}
}

// A syncBuffer may be read while a process writes to it.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start starts a supervisor.
func start(t *testing.T, p plan, env ...string) *supervised {
	t.Helper()
	return startExe(t, "", p, env...)
}

// startExe starts one of another executable than this.
func startExe(t *testing.T, exe string, p plan, env ...string) *supervised {
	t.Helper()
	uvtest.Watchdog(t, 3*time.Minute)
	dir, err := os.MkdirTemp("", "w") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p.Supervisor.Control = filepath.Join(dir, "s")
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	s := &supervised{t: t, cmd: uvtest.Command(t, "supervise", string(text)), control: p.Supervisor.Control, log: new(syncBuffer), out: new(syncBuffer), ended: make(chan struct{})}
	if exe != "" {
		s.cmd.Path = exe
	}
	s.cmd.Env = append(s.cmd.Env, env...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.log
	s.cmd.WaitDelay = 10 * time.Second
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("the supervisor's log:\n%s", s.log)
		}
	})
	return s
}

// signal sends the supervisor a signal.
func (s *supervised) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits for the supervisor's end with a status.
func (s *supervised) wait(status int) {
	s.t.Helper()
	<-s.ended
	if got := s.cmd.ProcessState.ExitCode(); got != status {
		s.t.Fatalf("%v, want status %d", s.cmd.ProcessState, status)
	}
}

// until waits until what is true of the status, and returns it. The status says when workers change; nothing else does.
func (s *supervised) until(what string, holds func(st *Status) bool) *Status {
	s.t.Helper()
	var last Answer
	for end := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		a, err := Ask(s.control, "status")
		if err == nil && holds(a.Status) {
			return a.Status
		}
		if err == nil {
			last = a
		}
		select {
		case <-s.ended:
			s.t.Fatalf("waiting for %s: the supervisor has ended: %v", what, s.cmd.ProcessState)
		default:
		}
		if time.Now().After(end) {
			text, _ := json.Marshal(last.Status)
			s.t.Fatalf("waited a minute for %s: %v: %s", what, err, text)
		}
	}
}

// ready waits until n workers are ready, and no others are there.
func (s *supervised) ready(n int) *Status {
	s.t.Helper()
	return s.until(strconv.Itoa(n)+" ready workers", func(st *Status) bool {
		for _, w := range st.Slots {
			if w.State != "ready" {
				return false
			}
		}
		return len(st.Slots) == n && st.State == "running"
	})
}

// says waits for a text in the supervisor's log.
func (s *supervised) says(text string) {
	s.t.Helper()
	s.until(text, func(*Status) bool { return strings.Contains(s.log.String(), text) })
}

// addr returns the address of the first socket.
func addr(st *Status) string { return strings.TrimPrefix(st.Listen[0], "tcp://") }

func pids(st *Status) (all []int) {
	for _, w := range st.Slots {
		all = append(all, w.PID)
	}
	return all
}

// gone waits until a process has ended. Its parent may not wait for it, so a zombie counts.
func gone(t *testing.T, pid int) {
	t.Helper()
	uvtest.Eventually(t, fmt.Sprintf("the end of process %d", pid), func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.HasPrefix(string(text[strings.LastIndexByte(string(text), ')'):]), ") Z")
	})
}
