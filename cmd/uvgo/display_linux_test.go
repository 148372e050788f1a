package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/top"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// privateRuntimeDir makes a directory for the sockets of the processes that the test starts.
func privateRuntimeDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Dir(uvtest.SocketPath(t))
	t.Setenv("XDG_RUNTIME_DIR", dir)
	return dir
}

// startIn starts uvgo with the environment of now.
func startIn(t *testing.T, args ...string) *process {
	t.Helper()
	return startCommand(t, uvtest.Command(t, "uvgo", args...))
}

func TestEchoShowsMetrics(t *testing.T) {
	dir := privateRuntimeDir(t)
	p := startIn(t, "echo", "--listen", loopback[0], "--metrics", "http://127.0.0.1:0")
	addr := p.expect(`^listening on (\S+) `)
	base := strings.TrimSuffix(p.expect(`^metrics on (\S+)$`), "/metrics")
	p.expect(`^watch: open ` + base + `/ in a browser$`)
	p.expect(`^watch: \S+ top ` + itoa(p.cmd.Process.Pid) + `$`)
	p.expect(`^stop: `)
	c := dial(t, addr)
	exchange(t, c, []byte("hello"))
	_, text := fetch(t, base, "/metrics")
	holds(t, text, `uvgo_server_messages_total{server="echo"} 1`+"\n", `uvgo_loop_turns_total{loop="control"} `, "process_open_fds ", "go_goroutines ")
	for _, path := range []string{"/", "/debug/vars", "/debug/pprof/", "/status.json"} {
		if status, _ := fetch(t, base, path); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
	c.Close()
	p.signal(syscall.SIGTERM)
	p.wait(0)
	if all := uvtest.Must(os.ReadDir(dir)); len(all) != 0 {
		t.Errorf("it leaves %v", all)
	}
}

// TestMetricsThatOthersReachAreWarnedOf: those at an address that is not only this machine's.
func TestMetricsThatOthersReachAreWarnedOf(t *testing.T) {
	privateRuntimeDir(t)
	for at, warns := range map[string]bool{"http://0.0.0.0:0": true, "http://127.0.0.1:0": false, "unix://" + uvtest.SocketPath(t): false} {
		p := startIn(t, "echo", "--listen", loopback[0], "--metrics", at)
		p.expect(`^listening `)
		p.signal(syscall.SIGTERM)
		p.wait(0)
		if got := strings.Contains(p.stderr.String(), "others reach the metrics of this process"); got != warns {
			t.Errorf("%s: %q", at, &p.stderr)
		}
	}
}

func TestMetricsAddressesThatAreTakenAreExplained(t *testing.T) {
	privateRuntimeDir(t)
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0"))
	defer ln.Close()
	at := "http://" + ln.Addr().String()
	for _, args := range [][]string{
		{"echo", "--listen", loopback[0], "--metrics", at},
		{"http", "--root", t.TempDir(), "--listen", webLoopback[0], "--metrics", at},
		{"workers", "-n", "1", "--control", "none", "--metrics", at, "--", "sleep", "1000"},
	} {
		p := startIn(t, args...)
		p.wait(1)
		holds(t, p.stderr.String(), "cannot listen on "+at+": address already in use (EADDRINUSE)", "another port with --metrics")
	}
}

// TestWorkersShowAll: the supervisor shows its own metrics and those of all workers, also after one has been killed, and after an upgrade.
func TestWorkersShowAll(t *testing.T) {
	dir := privateRuntimeDir(t)
	exe := uvtest.Must(os.Executable())
	cmd := uvtest.Command(t, "uvgo", "workers", "-n", "2", "--listen", "tcp://127.0.0.1:0", "--notify", "--metrics", "http://127.0.0.1:0",
		"--max-backoff", "1ms", "--", exe, "echo", "--loops", "1", "--listen", "systemd:")
	log := uvtest.Must(os.Create(filepath.Join(t.TempDir(), "log")))
	defer log.Close()
	p := &process{t: t, cmd: cmd}
	cmd.Stdout, cmd.Stderr = log, log
	p.begin()
	base := ""
	uvtest.Eventually(t, "the supervisor says where its metrics are", func() bool {
		_, rest, found := strings.Cut(string(uvtest.Must(os.ReadFile(log.Name()))), "metrics on ")
		base, _, _ = strings.Cut(rest, "/metrics\"")
		return found && strings.Contains(rest, "/metrics\"")
	})
	workersSay := func(what string, parts ...string) {
		t.Helper()
		text := ""
		defer func() {
			if t.Failed() {
				t.Log(text)
			}
		}()
		uvtest.Eventually(t, what, func() bool {
			resp, err := http.Get(base + "/metrics")
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			text = string(uvtest.Must(io.ReadAll(resp.Body)))
			for _, part := range parts {
				if !strings.Contains(text, part) {
					return false
				}
			}
			return true
		})
	}
	defer http.DefaultClient.CloseIdleConnections()
	pids := func() (all []string) {
		for _, line := range strings.Split(start(t, "workers", "status").wait(0), "\n")[2:] {
			if f := strings.Fields(line); len(f) > 2 {
				all = append(all, f[1])
			}
		}
		return all
	}
	workersSay("both are ready", `state="ready"} 1`+"\n"+`uvgo_worker_state{worker="2"`, `uvgo_supervisor_state{state="running"} 1`)
	was := pids()
	workersSay("both tell their metrics", `uvgo_worker_up{worker="1",pid="`+was[0]+`"} 1`, `uvgo_worker_up{worker="2",pid="`+was[1]+`"} 1`,
		`uvgo_loop_turns_total{loop="echo/0",worker="1",pid="`+was[0]+`"} `, `uvgo_server_accepted_total{server="echo",worker="2",pid="`+was[1]+`"} `,
		`process_open_fds{worker="1",pid="`+was[0]+`"} `)
	if promtool, err := exec.LookPath("promtool"); err == nil {
		_, text := fetch(t, base, "/metrics")
		check := exec.Command(promtool, "check", "metrics")
		check.Stdin = strings.NewReader(text)
		if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("promtool: %v: %s", err, out)
		}
	}
	if status, body := fetch(t, base, "/worker/"+was[1]+"/status.json"); status != 200 || !strings.Contains(body, `"pid":`+was[1]) {
		t.Errorf("a worker's own status: %d, %s", status, body)
	}
	for _, path := range []string{"/worker/1/status.json", "/worker/x/", "/worker/" + itoa(os.Getpid()) + "/"} {
		if status, _ := fetch(t, base, path); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	out := start(t, "top", "-n", "1", "--interval", "50ms").wait(0) // the only one: workers do not count
	holds(t, out, "uvgo workers  process "+itoa(cmd.Process.Pid), "workers: running, generation 1, 2 of 2 ready", "\n1:echo/0 ", "\n2:echo/0 ", "\n     2  "+was[1])
	holds(t, start(t, "top", "-n", "1", "--interval", "50ms", was[0]).wait(0), "uvgo echo  process "+was[0])
	uvtest.Check(t, syscall.Kill(atoi(t, was[0]), syscall.SIGKILL))
	workersSay("another worker has taken the place of the one that was killed", `uvgo_worker_restarts_total{worker="1"} 1`, `uvgo_supervisor_state{state="running"} 1`)
	uvtest.Eventually(t, "it tells its metrics, too", func() bool {
		_, text := fetch(t, base, "/metrics")
		return strings.Count(text, "\nuvgo_worker_up{") == 2 && strings.Count(text, "uvgo_server_accepted_total{") == 2
	})
	if _, err := os.Lstat(filepath.Join(dir, "uvgo-"+was[0]+".sock")); err == nil {
		t.Error("the socket of the worker that was killed is still there")
	}
	if strings.HasSuffix(base, ":0") {
		t.Fatal(base)
	}
	p.signal(syscall.SIGTERM)
	p.status(0)
	if all := uvtest.Must(os.ReadDir(dir)); len(all) != 0 {
		t.Errorf("it leaves %v", all)
	}
}

// TestWorkersKeepShowingAfterAnUpgrade: the new program has the same address, which the old one has held meanwhile.
func TestWorkersKeepShowingAfterAnUpgrade(t *testing.T) {
	privateRuntimeDir(t)
	at := strings.Replace(reserve(t), "tcp://", "http://", 1)
	p := startIn(t, "workers", "-n", "1", "--ready-after", "1ms", "--metrics", at, "--", "sleep", "1000")
	uvtest.Eventually(t, "the supervisor shows metrics", func() bool {
		resp, err := http.Get(at + "/metrics")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	holds(t, start(t, "workers", "upgrade").wait(0), "upgraded")
	http.DefaultClient.CloseIdleConnections()
	uvtest.Eventually(t, "the new program shows metrics", func() bool {
		resp, err := http.Get(at + "/metrics")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return strings.Contains(string(uvtest.Must(io.ReadAll(resp.Body))), `uvgo_worker_up{worker="1",pid="`)
	})
	http.DefaultClient.CloseIdleConnections()
	p.signal(syscall.SIGTERM)
	p.wait(0)
	if strings.Contains(p.stderr.String(), "OnStart") {
		t.Errorf("%s", &p.stderr)
	}
}

// TestColumnsAreThoseOfTheHelp: the help lists what --sort takes.
func TestColumnsAreThoseOfTheHelp(t *testing.T) {
	holds(t, start(t, "top", "-h").wait(0), strings.Join(top.SortKeys(), ", "))
}
