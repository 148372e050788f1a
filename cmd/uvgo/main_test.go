package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { looptest.Main(m) }

func init() {
	uvtest.Helper("uvgo", func() {
		os.Setenv("UVGO_TEST_HELPER", "uvgo") // what it executes of this binary is uvgo, too
		os.Exit(run(os.Args[1:]))
	})
}

// maxWait is how long a test waits for a process. Then the process is killed, and the
// test fails and says what it waits for.
const maxWait = 2 * time.Minute

// A process is a running uvgo.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    io.ReadCloser
	stdout *bufio.Reader // of out
	stderr bytes.Buffer
}

// start starts uvgo with pipes as its standard output and error.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startCommand(t, uvtest.Command(t, "uvgo", args...))
}

// startWithFiles starts uvgo with a limit of open files.
func startWithFiles(t *testing.T, limit int, args ...string) *process {
	t.Helper()
	cmd := uvtest.Command(t, "uvgo", args...)
	cmd.Args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, limit), cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	return startCommand(t, cmd)
}

func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd}
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out, p.stdout = out, bufio.NewReader(out)
	p.begin()
	return p
}

// begin starts the process.
func (p *process) begin() {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	timer := time.AfterFunc(maxWait, func() { p.cmd.Process.Kill() })
	p.t.Cleanup(func() { timer.Stop() })
}

// expect is uvtest.Line on the standard output.
func (p *process) expect(pattern string) string {
	p.t.Helper()
	return uvtest.Line(p.t, p.stdout, pattern, func() string {
		_ = p.cmd.Wait()
		return p.stderr.String()
	})
}

// signal sends a signal.
func (p *process) signal(sig os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// signalUntil sends a signal again and again, until a line matches.
func (p *process) signalUntil(sig os.Signal, pattern string) {
	p.t.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for again := time.NewTicker(50 * time.Millisecond); ; {
			_ = p.cmd.Process.Signal(sig) // the process may have ended
			select {
			case <-again.C:
			case <-stop:
				again.Stop()
				return
			}
		}
	}()
	defer func() {
		close(stop)
		<-done
	}()
	p.expect(pattern)
}

// wait waits until the process ends, checks its status and returns the rest of the
// standard output.
func (p *process) wait(status int) string {
	p.t.Helper()
	rest, err := io.ReadAll(p.stdout)
	if err != nil {
		p.t.Fatal(err)
	}
	p.status(status)
	return string(rest)
}

// status waits until the process ends and checks its status.
func (p *process) status(want int) {
	p.t.Helper()
	if err := p.cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		p.t.Fatal(err)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		p.t.Fatalf("%v, want status %d\n%s", p.cmd.ProcessState, want, &p.stderr)
	}
}

// complaint returns the only line on the standard error. The process must have ended.
func (p *process) complaint() string {
	p.t.Helper()
	text := p.stderr.String()
	if !strings.HasPrefix(text, "uvgo: ") || strings.Count(text, "\n") != 1 {
		p.t.Errorf("the standard error is not one line of ours: %q", text)
	}
	return text
}

// holds fails the test unless text contains every part.
func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in %q", part, text)
		}
	}
}

// reserve returns a loopback address on which no socket listens. Until the test ends a
// socket is bound to it that does not listen, so that no other process gets the port. A
// server can still share the address.
func reserve(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	a, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("tcp://127.0.0.1:%d", a.(*unix.SockaddrInet4).Port)
}

func TestHelpIsOnStdout(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"help", "uvgo COMMAND -h"},
		{"--help", "uvgo COMMAND -h"},
		{"help echo", "--listen ADDR"},
		{"echo -h", "--drain TIME"},
		{"echo -h", "tls+systemd:name"},
		{"echo -h", "fd://number"},
		{"http -h", "--root DIR"},
		{"http -h", "symbolic link"},
		{"help http", "https://host:port"},
		{"health -h", "--insecure"},
		{"load -h", "--conns N"},
		{"health --help", "--timeout TIME"},
		{"workers -h", "--max-age TIME"},
		{"workers status -h", "--json"},
		{"top -h", "NO_COLOR"},
		{"echo -h", "--metrics ADDR"},
		{"version -h", "usage: uvgo version"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			p := start(t, strings.Fields(tt.args)...)
			holds(t, p.wait(0), tt.want)
			if p.stderr.Len() != 0 {
				t.Errorf("on the standard error: %q", &p.stderr)
			}
		})
	}
}

func TestSenselessCommandLinesEndWithStatus2(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"", "uvgo help"},
		{"eco", `unknown command "eco"`},
		{"help eco", `unknown command "eco"`},
		{"echo --lisen tcp://:1", " --lisen: "},
		{"echo tcp://127.0.0.1:0", "--listen"},
		{"echo --loops -1", "--loops -1"},
		{"echo --loops many", "uvgo echo -h"},
		{"echo --drain -1s", "--drain -1s"},
		{"echo --idle-timeout -1s", "--idle-timeout -1s"},
		{"echo --write-timeout -1s", "--write-timeout -1s"},
		{"echo --handshake-timeout 0", "--handshake-timeout 0s"},
		{"echo --max-conns -1", "--max-conns -1"},
		{"echo --max-conns-per-ip -1", "--max-conns-per-ip -1"},
		{"echo --listen tls://:0 --cert x", "belong together"},
		{"echo --cert x --key y", "--listen tls://host:port"},
		{"echo --proxy-protocol maybe", "write off, optional or required"},
		{"echo --proxy-protocol required", "by --proxy-from"},
		{"echo --proxy-from 10.0.0.0/8", "add --proxy-protocol"},
		{"echo --proxy-protocol optional --proxy-from 10", "write an address or a network"},
		{"http public", "--root"},
		{"http --listen http://:0", "name the directory that they may see by --root"},
		{"http --listen http://0.0.0.0:0", "others reach http://0.0.0.0:0"},
		{"http --listen fd://3", "by --root"},
		{"http --listen http://127.0.0.1:x", "not \"x\""},
		{"http --listen http://127.0.0.1/x", "without a path"},
		{"http --listen 127.0.0.1:8080", "the forms are http://host:port"},
		{"http --listen udp://127.0.0.1:1", "HTTP is served on http://host:port"},
		{"http --listen ftp://127.0.0.1:1", "the forms are http://host:port"},
		{"http --listen http://::1", "brackets"},
		{"http --listen https://127.0.0.1:0 --tls-cert x", "belong together"},
		{"http --tls-cert x --tls-key y", "--listen https://host:port"},
		{"http --log loud", "write text, json or off"},
		{"http --cache -1s", "--cache -1s"},
		{"http --cache 60", "write 60s"},
		{"http --header-timeout 0", "--header-timeout 0s: it must be more than 0"},
		{"http --read-timeout 0", "--read-timeout 0s"},
		{"http --idle-timeout 0", "--idle-timeout 0s"},
		{"http --write-timeout -1s", "--write-timeout -1s"},
		{"http --drain -1s", "--drain -1s"},
		{"http --loops -1", "--loops -1"},
		{"http --max-conns -1", "--max-conns -1"},
		{"http --max-conns-per-ip -1", "--max-conns-per-ip -1"},
		{"http --fallback ../x", "below the root"},
		{"http --metrics https://127.0.0.1:0", "it has no TLS"},
		{"http --metrics 99999", "the forms are"},
		{"echo --metrics https://127.0.0.1:0", "it has no TLS"},
		{"workers --metrics udp://127.0.0.1:1 -- true", "HTTP is served on"},
		{"top 1 2", "one program, not 2"},
		{"top --interval 1ms 1", "10ms or more"},
		{"top -n -1 1", "not negative"},
		{"top --sort size 1", "write one of name, lag50"},
		{"top 127.0.0.1:9090", "do you mean http://127.0.0.1:9090?"},
		{"top http://a:1/?x=1", "the form is http://host:port"},
		{"top nonsense", "and a process ID"},
		{"http --grace -1s", "--grace -1s"},
		{"workers", "no command"},
		{"workers -n 2 sleep 1", "the command follows --"},
		{"workers -n -1 -- true", "--n is negative"},
		{"workers --max-memory much -- true", "write a size"},
		{"workers --max-age -1s -- true", "--max-age is negative"},
		{"workers --listen tls://:0 -- true", "write tcp://:0"},
		{"workers --listen web=tls+unix:///x -- true", "has no TLS"},
		{"workers --listen 80 -- true", "bad address"},
		{"workers --log loud -- true", "write text or json"},
		{"workers status x", "not a process ID"},
		{"workers status 1 2", "name one supervisor"},
		{"workers scale", "to how many"},
		{"workers scale many", "not a number of workers"},
		{"load", "one address"},
		{"load tcp://a:1 tcp://b:1", "one address"},
		{"load --conns 0 tcp://127.0.0.1:1", "--conns 0"},
		{"load tcp://127.0.0.1:1 --size 0", "--size 0"},
		{"load --size 1000000000 tcp://127.0.0.1:1", "--size"},
		{"load --duration 5 tcp://127.0.0.1:1", `invalid value "5" for flag --duration: write 5s`},
		{`load --duration 5"-s tcp://127.0.0.1:1`, `invalid value "5\"-s" for flag --duration: `},
		{"load --json=perhaps tcp://127.0.0.1:1", `for --json: `},
		{"load --size", "argument: --size: "},
		{"load --duration -1s tcp://127.0.0.1:1", "--duration -1s: it must be more than 0"},
		{"load --duration long tcp://127.0.0.1:1", "write a time"},
		{"load tcp://127.0.0.1:0", "port 0"},
		{"load 127.0.0.1:1", `bad address "127.0.0.1:1": do you mean tcp://127.0.0.1:1? connections go to tcp://host:port, tls://`},
		{"load udp://127.0.0.1:1", "connections go to tcp://host:port"},
		{"load fd://3", "connections go to tcp://host:port"},
		{"load systemd:x", "connections go to tcp://host:port"},
		{"http --metrics 127.0.0.1:9000", `bad address "127.0.0.1:9000": do you mean http://127.0.0.1:9000? `},
		{"http --listen :80", "do you mean http://:80? "},
		{"http --listen localhost", "the forms are http://host:port"},
		{"health 127.0.0.1:1", "connections go to tcp://host:port"},
		{"echo --drain 1.5", "write 1.5s"},
		{"load --duration 0 tcp://127.0.0.1:1", "--duration 0s"},
		{"load --timeout 0 tcp://127.0.0.1:1", "--timeout 0s"},
		{"load --rate -1 tcp://127.0.0.1:1", "--rate -1"},
		{"load --rate NaN tcp://127.0.0.1:1", "--rate NaN"},
		{"load --rate 2e6 tcp://127.0.0.1:1", "--rate 2000000: it takes 0 to 1000000 requests"},
		{"load --insecure tcp://127.0.0.1:1", "are for a tls:// address"},
		{"load --ca x --insecure tls://127.0.0.1:1", "leave one out"},
		{"load tls://127.0.0.1", "host:port"},
		{"health --insecure tcp://127.0.0.1:1", "are for a tls:// address"},
		{"health --ca x --insecure tls://127.0.0.1:1", "leave one out"},
		{"load --size 5 http://127.0.0.1:1/", "--size is for echo servers"},
		{"load --pipeline 2 tcp://127.0.0.1:1", "--pipeline is for http:// and https:// addresses"},
		{"load -H a:b tcp://127.0.0.1:1", "--H is for http:// and https:// addresses"},
		{"load --pipeline 0 http://127.0.0.1:1/", "--pipeline 0"},
		{"load --pipeline 9999 http://127.0.0.1:1/", "--pipeline 9999"},
		{"load --method G(T http://127.0.0.1:1/", "it is one word"},
		{"load --method CONNECT http://127.0.0.1:1/", "CONNECT"},
		{"load -H nothing http://127.0.0.1:1/", "the form is \"Name: value\""},
		{"load -H Content-Length:5 http://127.0.0.1:1/", "the body is what --body says"},
		{"load http://user:pass@127.0.0.1:1/", "Authorization"},
		{"load http://127.0.0.1:x/", "the form is http://host:port/path"},
		{"load http:///path", "the form is http://host:port/path"},
		{"load --insecure http://127.0.0.1:1/", "https://, not for http://"},
		{"load http://127.0.0.1:0/", "port 0"},
		{"load --loops 0 tcp://127.0.0.1:1", "--loops 0"},
		{"health", "one address"},
		{"health --timeout 0 tcp://127.0.0.1:1", "--timeout 0s"},
		{"version 1", `"1"`},
		{"--version 1", `"1"`},
	} {
		t.Run(tt.args, func(t *testing.T) {
			p := start(t, strings.Fields(tt.args)...)
			if out := p.wait(2); out != "" {
				t.Errorf("on the standard output: %q", out)
			}
			holds(t, p.complaint(), tt.want)
		})
	}
}

func TestVersionNamesEverything(t *testing.T) {
	out := start(t, "version").wait(0)
	want := `^uvgo +\S+\nlibuv +1\.\d+\.\d+, linked as a (static|shared) library, lacks \S.*\ngo +go1\.\S+ \w+/\w+\n$`
	if !regexp.MustCompile(want).MatchString(out) {
		t.Errorf("output %q does not match %q", out, want)
	}
	if flag := start(t, "--version").wait(0); flag != out {
		t.Errorf("--version prints %q, and version %q", flag, out)
	}
}

func TestVersionFailsWhenItCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("this system has no /dev/full: %v", err)
	}
	defer full.Close()
	p := &process{t: t, cmd: uvtest.Command(t, "uvgo", "version")}
	p.cmd.Stdout, p.cmd.Stderr = full, &p.stderr
	p.begin()
	p.status(1)
	holds(t, p.complaint(), "no space left on device")
}
