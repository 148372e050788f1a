package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/observe"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() {
	uvtest.Helper("top", func() { report(Run(context.Background(), options(&HTTP{Base: os.Args[1]}))) })
	uvtest.Helper("panics", func() { report(Run(context.Background(), options(&panicking{Source: &HTTP{Base: os.Args[1]}}))) })
}

func options(s Source) Options {
	return Options{Source: s, Interval: 100 * time.Millisecond, In: os.Stdin, Out: os.Stdout}
}

func report(err error) {
	if err != nil {
		fmt.Println("it ended:", err)
		os.Exit(1)
	}
}

// A panicking source panics the third time.
type panicking struct {
	Source
	asked int
}

func (p *panicking) Fetch(ctx context.Context) (Sample, error) {
	if p.asked++; p.asked == 3 {
		panic("the third time")
	}
	return p.Source.Fetch(ctx)
}

// A user sits at a terminal on which top runs.
type user struct {
	*uvtest.PTY
	*vt
	t   *testing.T
	cmd *exec.Cmd
}

// sit starts a helper on a new terminal.
func sit(t *testing.T, helper, url string, columns, rows int, env ...string) *user {
	t.Helper()
	uvtest.Watchdog(t, 2*time.Minute)
	u := &user{uvtest.NewPTY(t), newVT(columns, rows), t, uvtest.Command(t, helper, url)}
	u.setSize(columns, rows)
	u.cmd.Env = append(u.cmd.Environ(), "TERM=xterm", "LC_ALL=C.UTF-8", "NO_COLOR=")
	u.cmd.Env = append(u.cmd.Env, env...)
	u.cmd.Stdin, u.cmd.Stdout, u.cmd.Stderr = u.PTY.File, u.PTY.File, u.PTY.File
	u.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	uvtest.Check(t, u.cmd.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(u.vt, u.PTY.User) // until the terminal is closed
	}()
	t.Cleanup(func() {
		if u.cmd.ProcessState == nil {
			_ = u.cmd.Process.Kill()
			_ = u.cmd.Wait()
		}
		u.PTY.File.Close() // the master's read ends when nobody has the terminal open
		<-done
		if len(u.faults) > 0 {
			t.Errorf("what the terminal got: %v", u.faults)
		}
	})
	return u
}

// setSize changes the window's size, which raises SIGWINCH.
func (u *user) setSize(columns, rows int) {
	u.t.Helper()
	uvtest.Check(u.t, unix.IoctlSetWinsize(int(u.PTY.File.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(columns), Row: uint16(rows)}))
}

// sees waits until the screen matches.
func (u *user) sees(pattern string) string {
	u.t.Helper()
	re := regexp.MustCompile(pattern)
	seen := ""
	defer func() {
		if !re.MatchString(seen) {
			u.t.Logf("the screen:\n%s", seen)
		}
	}()
	uvtest.Eventually(u.t, fmt.Sprintf("the screen shows %q", pattern), func() bool {
		seen = u.text()
		return re.MatchString(seen)
	})
	return seen
}

// ends waits for the end, and expects the terminal as it was.
func (u *user) ends(status int) {
	u.t.Helper()
	if err := u.cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		u.t.Fatal(err)
	}
	if got := u.cmd.ProcessState.ExitCode(); got != status {
		u.t.Errorf("status %d, want %d\n%s", got, status, u.text())
	}
	u.restored()
}

// restored expects the terminal as it was.
func (u *user) restored() {
	u.t.Helper()
	uvtest.Eventually(u.t, "the terminal's screen is the first one, with a cursor that wraps", func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		return !u.other && !u.hidden && !u.noWrap
	})
	if !u.Cooked() {
		u.t.Error("the terminal is still raw")
	}
}

func TestTheScreenFollowsTheKeys(t *testing.T) {
	t.Parallel()
	f := newFake("web/10", "web/9", "control")
	f.turns = map[string]float64{"web/10": 500, "web/9": 70, "control": 0}
	f.slow = []observe.Slow{{At: time.Now(), Loop: "web/9", Callback: "main.slow(/src/main.go:12)", Took: 250 * time.Millisecond, Stuck: true}}
	u := sit(t, "top", "http://"+serve(t, f).addr, 120, 30)
	u.sees(`(?s)^fake  process 4711  up 1m 30s.*LOOP▲ .*\ncontrol .*\nweb/9 .*\nweb/10 .*SERVER.*web closed: by_peer.*SLOW AT.*web/9.* 250 ms, stuck  main\.slow\(/src/main\.go:12\)`)
	u.sees(`web/9 +1\.00 ms +1\.98 ms`) // its lags lie below 2 ms
	if u.Cooked() {
		t.Error("the terminal is not raw")
	}
	u.Type("s")
	u.sees(`(?s)LAG50▼.*\nweb/10 .*\nweb/9 .*\ncontrol `)
	u.Type("\x1b[")
	u.Type("C")
	u.sees(`LAG99▼`)
	u.Type("sss")
	u.sees(`(?s)TURNS/S▼.*\nweb/10 .*\nweb/9 .*\ncontrol `)
	u.Type("r")
	u.sees(`(?s)TURNS/S▲.*\ncontrol .*\nweb/9 .*\nweb/10 `)
	u.Type("<<<<<")
	u.sees(`LOOP▲`)
	u.Type("h")
	u.sees(`Ctrl-C +end`)
	u.Type("h")
	u.sees(`LOOP▲`)
	u.Type("+")
	u.sees(`interval 250ms`)
	u.Type("--------")
	u.sees(`interval 100ms`)
	u.Type("p")
	u.sees(`paused: p goes on`)
	f.mu.Lock()
	f.names = append(f.names, "new")
	f.turns["new"] = 1
	f.mu.Unlock()
	u.Type("\x0c") // drawn anew, from what was known
	if seen := u.sees(`paused: p goes on`); strings.Contains(seen, "\nnew ") {
		t.Errorf("paused it shows\n%s", seen)
	}
	u.Type("p")
	u.sees(`\nnew `)
	u.Type("\x1a")
	u.sees("there is no shell to go back to") // it leads its session
	u.Type("q")
	u.ends(0)
}

func TestTheScreenFollowsTheSize(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprint("loop/", i))
	}
	u := sit(t, "top", "http://"+serve(t, newFake(names...)).addr, 80, 24)
	u.sees(`(?s)loop/0 .*loop/18 .*\n.* lines 1 to 20 of 45`)
	u.Type("G")
	u.sees(`web closed: by_peer`)
	u.Type("g")
	for _, size := range [][2]int{{40, 10}, {1, 1}, {3, 2}, {200, 60}, {20, 4}, {80, 24}} {
		u.vt.resize(size[0], size[1])
		u.setSize(size[0], size[1])
		switch {
		case size[1] >= 10:
			u.sees(fmt.Sprintf(`(?s)^fake.*loop/0 .*loop/%d\b`, min(size[1]-6, 39)))
			u.sees(`q end  h help`[:min(size[0], 8)])
		default:
			u.sees("^" + "fake"[:min(4, size[0])])
		}
	}
	u.Type("\x03")
	u.ends(0)
}

func TestSignalsEndIt(t *testing.T) {
	t.Parallel()
	h := serve(t, newFake("web/0"))
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		u := sit(t, "top", "http://"+h.addr, 80, 24)
		u.sees(`web/0`)
		uvtest.Check(t, u.cmd.Process.Signal(sig))
		u.ends(0)
	}
}

func TestAPanicLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	u := sit(t, "panics", "http://"+serve(t, newFake("web/0")).addr, 200, 50)
	u.ends(1)
	u.sees(`it ended: .*the third time`)
}

// TestItStopsAndGoesOn: stopped, the terminal is the shell's; going on, it is top's again.
func TestItStopsAndGoesOn(t *testing.T) {
	t.Parallel()
	u := sit(t, "top", "http://"+serve(t, newFake("web/0")).addr, 80, 24)
	for range 2 {
		u.sees(`web/0`)
		uvtest.Check(t, u.cmd.Process.Signal(syscall.SIGTSTP))
		stopped(t, u.cmd.Process.Pid)
		u.restored()
		u.setSize(60, 20)
		u.vt.resize(60, 20)
		uvtest.Check(t, u.cmd.Process.Signal(syscall.SIGCONT))
		u.sees(`(?s)web/0.*\nq end  h help`)
		uvtest.Eventually(t, "the terminal is raw again, without a cursor", func() bool {
			u.mu.Lock()
			defer u.mu.Unlock()
			return !u.Cooked() && u.other && u.hidden
		})
	}
	u.Type("q")
	u.ends(0)
}

// stopped waits until a process is stopped.
func stopped(t *testing.T, pid int) {
	t.Helper()
	uvtest.Eventually(t, "the process stops", func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		uvtest.Check(t, err)
		return strings.HasPrefix(string(text[strings.LastIndexByte(string(text), ')')+1:]), " T ")
	})
}

// TestCtrlZStopsTheJob: with a shell, Ctrl-Z stops top, and fg makes it go on.
func TestCtrlZStopsTheJob(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash, whose jobs the test stops")
	}
	h := serve(t, newFake("web/0"))
	u := sit(t, "top", "http://"+h.addr, 80, 24)
	_ = u.cmd.Process.Kill() // only its command line is needed
	_ = u.cmd.Wait()
	exe := u.cmd.Path
	cmd := exec.Command(bash, "--norc", "-c", `set -m; "$0" "$1"; echo "it stopped: $?"; fg >/dev/null; echo "it ended: $?"`, exe, "http://"+h.addr)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = u.cmd.Env, u.PTY.File, u.PTY.File, u.PTY.File, &syscall.SysProcAttr{Setsid: true, Setctty: true}
	uvtest.Check(t, cmd.Start())
	u.cmd = cmd
	u.sees(`(?s)web/0.*\nq end  h help`)
	u.Type("\x1a")
	uvtest.Eventually(t, "the shell says that it stopped, and goes on with it", func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		return strings.Contains(u.raw.String(), "it stopped: 147") && u.other
	})
	u.sees(`(?s)web/0.*\nq end  h help`)
	u.Type("q")
	u.ends(0)
	u.sees("it ended: 0")
}

func TestItAsksAgainWhenTheProgramIsGone(t *testing.T) {
	t.Parallel()
	f := newFake("web/0")
	h := serve(t, f)
	u := sit(t, "top", "http://"+h.addr, 100, 24)
	u.sees(`web/0`)
	h.end()
	u.sees(`(?s)no answer since \d\d:\d\d:\d\d: .*: trying again.*web/0`)
	h.begin(f)
	u.sees(`it answers again since \d\d:\d\d:\d\d`)
	h.end()
	u.sees(`no answer since`)
	g := newFake("web/0", "web/1")
	g.pid = 4712
	h.begin(g)
	u.sees(`(?s)process 4712.*another process answers since.*web/1`)
	u.Type("q")
	u.ends(0)
}

// TestTheTerminalGetsWhatItCanShow: no bytes that are not ASCII without UTF-8, no colours with NO_COLOR, and never what a name holds of
// sequences.
func TestTheTerminalGetsWhatItCanShow(t *testing.T) {
	t.Parallel()
	f := newFake("evil\x1b[2J\x9b\u202e語", "web/0")
	f.slow = []observe.Slow{{At: time.Now(), Callback: "\x1b]0;title\a", Took: time.Microsecond, Stuck: true}}
	h := serve(t, f)
	for _, tt := range []struct {
		env  []string
		utf8 bool
		red  bool
	}{{nil, true, true}, {[]string{"LC_ALL=C"}, false, true}, {[]string{"LC_ALL=POSIX", "NO_COLOR=1"}, false, false}} {
		u := sit(t, "top", "http://"+h.addr, 100, 24, tt.env...)
		u.sees(`(?s)evil\?\[2J\?\?\?.*\?]0;title\?`)
		u.Type("q")
		u.ends(0)
		raw := u.raw.String()
		if got := strings.ContainsFunc(raw, func(r rune) bool { return r > 0x7e }); got != tt.utf8 {
			t.Errorf("%v: other characters than ASCII: %v", tt.env, got)
		}
		if got := strings.Contains(raw, "\x1b[1;31m"); got != tt.red {
			t.Errorf("%v: red: %v", tt.env, got)
		}
		if strings.Contains(raw, "\x07") || strings.Contains(raw, "語") {
			t.Errorf("%v: %q", tt.env, raw)
		}
	}
}

// TestADumbTerminalGetsLines: its cursor cannot be moved.
func TestADumbTerminalGetsLines(t *testing.T) {
	t.Parallel()
	u := sit(t, "top", "http://"+serve(t, newFake("web/0")).addr, 200, 60, "TERM=dumb")
	u.sees(`(?s)--- \d{4}-.*web/0.*--- `)
	uvtest.Check(t, u.cmd.Process.Signal(syscall.SIGINT))
	u.ends(0)
	if strings.Contains(u.raw.String(), "\x1b") {
		t.Error("it gets escape sequences")
	}
}
