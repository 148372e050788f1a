package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// activated echoes.
type activated struct{}

func (activated) Open(*server.Conn)             {}
func (activated) Data(c *server.Conn, p []byte) { _, _ = c.Write(p) }
func (activated) Close(*server.Conn, error)     {}

// The helper "activated" echoes on the addresses of its arguments, which it prints, until its
// input ends.
func init() {
	uvtest.Helper("activated", func() {
		s := &server.Server{Handler: activated{}, Loops: 2}
		if err := s.Listen(os.Args[1:]...); err != nil {
			fmt.Println(err)
			return
		}
		for _, a := range s.Addrs() {
			fmt.Println(a.Network(), a)
		}
		fmt.Println("ready", os.Getenv("LISTEN_FDS"))
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			_ = s.Shutdown(context.Background())
		}()
		if err := s.Serve(context.Background()); err != nil {
			fmt.Println(err)
		}
	})
}

// activate starts the helper as systemd does: the sockets are the descriptors from 3 on, and
// LISTEN_PID is the process's own. names are those of LISTEN_FDNAMES. It returns what the
// helper prints first.
func activate(t *testing.T, files []*os.File, names string, addrs ...string) (said []string) {
	t.Helper()
	cmd := uvtest.Command(t, "activated", addrs...)
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`}, cmd.Args...)
	cmd.ExtraFiles = files
	cmd.Env = append(cmd.Env, fmt.Sprintf("LISTEN_FDS=%d", len(files)), "LISTEN_FDNAMES="+names)
	return startActivated(t, cmd)
}

// startActivated starts the helper, lets it end when the test ends, and returns what it
// prints before it serves.
func startActivated(t *testing.T, cmd *exec.Cmd) (said []string) {
	t.Helper()
	in := uvtest.Must(cmd.StdinPipe())
	lines := bufio.NewScanner(uvtest.Must(cmd.StdoutPipe()))
	cmd.Stderr = os.Stderr
	uvtest.Check(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		for lines.Scan() {
			t.Errorf("it said %q at the end", lines.Text())
		}
		uvtest.Expect(t, cmd.Wait())
	})
	for lines.Scan() {
		said = append(said, lines.Text())
		if strings.HasPrefix(lines.Text(), "ready") {
			break
		}
	}
	return said
}

func TestListenOnSocketsOfSystemd(t *testing.T) {
	uvtest.Watchdog(t, 2*maxWait)
	var files []*os.File
	var addrs []net.Addr
	for _, network := range []string{"tcp", "unix", "tcp"} {
		addr := "127.0.0.1:0"
		if network == "unix" {
			addr = uvtest.SocketPath(t)
		}
		ln := uvtest.Must(net.Listen(network, addr))
		files = append(files, uvtest.Must(ln.(interface{ File() (*os.File, error) }).File()))
		addrs = append(addrs, ln.Addr())
		t.Cleanup(func() { ln.Close() })
	}
	t.Cleanup(func() {
		for _, f := range files {
			f.Close()
		}
	})
	text := func(i int) string { return addrs[i].Network() + " " + addrs[i].String() }
	for _, tt := range []struct {
		name   string
		listen []string
		names  string
		want   []int // of addrs
	}{
		{"all", []string{"systemd:"}, "web:admin:web", []int{0, 1, 2}},
		{"by name", []string{"systemd:web"}, "web:admin:web", []int{0, 2}},
		{"two names", []string{"systemd:admin", "systemd:web"}, "web:admin:web", []int{1, 0, 2}},
		{"twice", []string{"systemd:admin", "systemd:admin"}, "web:admin:web", []int{1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said := activate(t, files, tt.names, tt.listen...)
			want := ""
			for _, i := range tt.want {
				want += text(i) + "\n"
			}
			if got := strings.Join(said, "\n"); got != want+"ready 3" {
				t.Fatalf("it says %q, want %q", got, want)
			}
			for _, i := range tt.want {
				c := dialAddr(t, addrs[i])
				roundTrip(t, c, "hello")
				c.Close()
			}
		})
	}
}

func TestSocketsThatSystemdDidNotPass(t *testing.T) {
	own := fmt.Sprint(os.Getpid())
	for _, tt := range []struct {
		name, pid, fds, names, want string
		is                          error
	}{
		{"nothing", "", "", "", "LISTEN_PID or LISTEN_FDS is not set", uv.ENOENT},
		{"no count", own, "", "", "LISTEN_PID or LISTEN_FDS is not set", uv.ENOENT},
		{"another process", "1", "1", "web", "to another process: LISTEN_PID is 1, not " + own, uv.ENOENT},
		{"none", own, "0", "", `LISTEN_FDS is "0"`, uv.EINVAL},
		{"no number", own, "x", "", `LISTEN_FDS is "x"`, uv.EINVAL},
		{"other names", own, "3", "b:a:b", "only a, b", uv.ENOENT},
		{"too few names", own, "2", "web", "1 names for 2 sockets", uv.EINVAL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("LISTEN_PID", tt.pid)
			t.Setenv("LISTEN_FDS", tt.fds)
			t.Setenv("LISTEN_FDNAMES", tt.names)
			err := (&server.Server{Handler: newProbe(t), Loops: 1}).Listen("systemd:web")
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "systemd:web") {
				t.Errorf("Listen: %v", err)
			}
		})
	}
}

func TestSystemdSocketActivate(t *testing.T) {
	tool, err := exec.LookPath("systemd-socket-activate")
	if err != nil {
		t.Skip("systemd-socket-activate is not installed")
	}
	uvtest.Watchdog(t, 2*maxWait)
	path := uvtest.SocketPath(t)
	cmd := uvtest.Command(t, "activated", "systemd:web")
	cmd.Path, cmd.Args = tool, append([]string{tool, "-l", path, "--fdname=web", "-E", "UVGO_TEST_HELPER=activated",
		"-E", "LD_LIBRARY_PATH=" + os.Getenv("LD_LIBRARY_PATH"), cmd.Args[0]}, cmd.Args[1:]...)
	cmd.Env = append(cmd.Env, "SYSTEMD_LOG_LEVEL=err")
	dialed := make(chan net.Conn)
	go func() { // it starts the helper at the first connection
		for {
			if c, err := net.Dial("unix", path); err == nil {
				dialed <- c
				return
			}
		}
	}()
	said := startActivated(t, cmd)
	if len(said) != 2 || said[0] != "unix "+path {
		t.Fatalf("it says %q", said)
	}
	c := <-dialed
	defer c.Close()
	roundTrip(t, c, "hello")
}
