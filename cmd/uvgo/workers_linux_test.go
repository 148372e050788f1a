package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestWorkersServe: what the documentation shows works as it is written: two workers, their status, a reload, an end.
func TestWorkersServe(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("the page"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", filepath.Dir(uvtest.SocketPath(t)))
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := uvtest.Command(t, "uvgo", "workers", "-n", "2", "--listen", "tcp://127.0.0.1:0", "--notify", "--", exe, "http", "--listen", "systemd:")
	cmd.Dir = dir
	p := startCommand(t, cmd)
	url := p.expect(`^listening on (http://\S+) `)
	p.expect(`^listening on (http://\S+) `)
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if string(body) != "the page" {
		t.Errorf("the page is %q", body)
	}
	if out := start(t, "workers", "reload").wait(0); out != "done\n" {
		t.Errorf("reload prints %q", out)
	}
	out := start(t, "workers", "status").wait(0)
	if !regexp.MustCompile(`^supervisor \d+: running, generation 2, 2 of 2 workers ready, tcp://127\.0\.0\.1:\d+\n` +
		`SLOT .*\n(\d +\d+ +[12] +(ready|draining) .*\n){2,4}$`).MatchString(out) {
		t.Errorf("the status is\n%s", out)
	}
	holds(t, start(t, "workers", "status", "--json").wait(0), `"generation": 2`, `"state": "running"`, `"rss_bytes": `)
	if out := start(t, "workers", "scale", "1").wait(0); out != "done\n" {
		t.Errorf("scale prints %q", out)
	}
	if out := start(t, "workers", "upgrade").wait(0); out != "upgraded\n" {
		t.Errorf("upgrade prints %q", out)
	}
	if out := start(t, "workers", "stop").wait(0); out != "done\n" {
		t.Errorf("stop prints %q", out)
	}
	p.wait(0)
	q := start(t, "workers", "status")
	q.wait(1)
	holds(t, q.complaint(), "no supervisor of this user runs")
}

// TestWorkersThatCannotServeEndTheSupervisor with status 1 and one line that says why.
func TestWorkersThatCannotServeEndTheSupervisor(t *testing.T) {
	p := start(t, "workers", "-n", "2", "--max-failures", "2", "--max-backoff", "1ms", "--log", "json", "--control", "none", "--", "sh", "-c", "exit 9")
	p.wait(1)
	if !strings.HasSuffix(p.stderr.String(), "uvgo: all 2 workers have failed; the last: status 9\n") {
		t.Errorf("the standard error is %s", &p.stderr)
	}
	p = start(t, "workers", "--", "no-such-program")
	p.wait(1)
	holds(t, p.complaint(), "no-such-program", "not found")
}

// TestWorkersAsPID1: in a container the supervisor is PID 1, which no signal ends that it does not handle, and to which orphans go.
func TestWorkersAsPID1(t *testing.T) {
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("the program unshare, which makes a container of a process, is not installed")
	}
	script := "(setsid sh -c 'exec sleep 0.01' &); exec sleep 1000"
	probe := exec.Command(unshare, "--fork", "--pid", "--mount-proc", "--kill-child", "true")
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("this system does not let the test make a process namespace: %v: %s", err, out)
	}
	cmd := uvtest.Command(t, "uvgo", "workers", "-n", "1", "--ready-after", "1ms", "--control", "none", "--", "sh", "-c",
		script+" & until test -z \"$(ps -o stat= --ppid 1 | grep Z)\" && ps -o pid= 1; do :; done; echo none left; sleep 1000")
	cmd.Args = append([]string{"unshare", "--fork", "--pid", "--mount-proc", "--kill-child", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = unshare
	p := startCommand(t, cmd)
	p.expect("^none left$")
	// The signal is for the one process that is PID 1 there.
	pids, err := os.ReadFile("/proc/" + itoa(p.cmd.Process.Pid) + "/task/" + itoa(p.cmd.Process.Pid) + "/children")
	if err != nil {
		t.Skipf("this kernel does not list children: %v", err)
	}
	if err := syscall.Kill(atoi(t, strings.TrimSpace(string(pids))), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.wait(0)
	holds(t, p.stderr.String(), "pid=1 ", "drains all")
}

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]uint64{"1": 1, "512M": 512 << 20, "2G": 2 << 30, "10K": 10 << 10, "3MiB": 3 << 20, "4GB": 4 << 30} {
		if got, err := parseSize(text); got != want || err != nil {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "M", "1T", "99999999999999G", "1.5G"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}
