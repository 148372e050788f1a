package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// build builds a version of the program.
func build(t *testing.T, version, path string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-ldflags", "-s -w -X main.version="+version, "-o", path, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestReplacesARunningBinaryUnderLoad: the file of the running program is replaced twice, by one that does not work and by a new version; no
// request is lost, and the new version serves in the end.
func TestReplacesARunningBinaryUnderLoad(t *testing.T) {
	uvtest.Watchdog(t, 5*time.Minute)
	dir := t.TempDir()
	exe := filepath.Join(dir, "server")
	build(t, "one", exe)
	build(t, "two", exe+".two")
	if err := os.WriteFile(exe+".broken", []byte("#!/bin/sh\nexit 4\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	// The test adopts the processes that outlive the one that it has started.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	cmd := exec.Command(exe, "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	says := func(format string, into ...any) {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the output ends, without %q", format)
		}
		if n, err := fmt.Sscanf(lines.Text(), format, into...); n != len(into) {
			t.Fatalf("it says %q, not %q: %v", lines.Text(), format, err)
		}
	}
	var addr string
	var first, second int
	says("version one serves on %s process %d", &addr, &first)
	addr = strings.TrimSuffix(addr, ",")

	stop := make(chan struct{})
	var wg sync.WaitGroup
	var requests, failures atomic.Int64
	for i := range 4 {
		wg.Go(func() { clients(t, addr, i%2 == 0, stop, &requests, &failures) })
	}
	replace := func(by string) {
		t.Helper()
		if err := os.Rename(by, exe); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(first, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	replace(exe + ".broken")
	if lines.Scan(); lines.Text() != "reload: the new process is not ready, this one goes on: exit status 4" {
		t.Errorf("of a broken binary it says %q", lines.Text())
	}
	replace(exe + ".two")
	var again string
	says("version two serves on %s process %d", &again, &second)
	if strings.TrimSuffix(again, ",") != addr || second == first {
		t.Errorf("the new process %d serves on %s, the old one, %d, on %s", second, again, first, addr)
	}
	if lines.Scan(); lines.Text() != "version one has ended" {
		t.Errorf("then it says %q", lines.Text())
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err == nil {
		_, err = cmd.Process.Wait()
		if err != nil {
			t.Error(err)
		}
	}
	answer, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if want := fmt.Sprintf("version two, process %d\n", second); string(body) != want {
		t.Errorf("the answer is %q, not %q", body, want)
	}
	close(stop)
	wg.Wait()
	t.Logf("%d requests, %d failed", requests.Load(), failures.Load())
	if failures.Load() > 0 || requests.Load() == 0 {
		t.Errorf("%d of %d requests have failed", failures.Load(), requests.Load())
	}
	if err := syscall.Kill(second, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if lines.Scan(); lines.Text() != "version two has ended" {
		t.Errorf("in the end it says %q", lines.Text())
	}
	if pid, err := syscall.Wait4(second, nil, 0, nil); pid != second {
		t.Errorf("waiting for process %d: %v", second, err)
	}
}

// clients sends requests one after another until stop is closed.
func clients(t *testing.T, addr string, keep bool, stop chan struct{}, requests, failures *atomic.Int64) {
	var c net.Conn
	var r *bufio.Reader
	for {
		select {
		case <-stop:
			if c != nil {
				c.Close()
			}
			return
		default:
		}
		err := func() (err error) {
			if c == nil {
				if c, err = net.Dial("tcp", addr); err != nil {
					return err
				}
				r = bufio.NewReader(c)
			}
			if _, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
				return err
			}
			answer, err := http.ReadResponse(r, nil)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			_, err = io.Copy(io.Discard, answer.Body)
			if answer.Close || !keep {
				c.Close()
				c = nil
			}
			if answer.StatusCode != http.StatusOK {
				err = errors.New("status " + strconv.Itoa(answer.StatusCode))
			}
			return err
		}()
		if requests.Add(1); err != nil {
			if failures.Add(1) == 1 {
				t.Errorf("a request has failed: %v", err)
			}
			if c != nil {
				c.Close()
				c = nil
			}
		}
	}
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: reload ADDRESS:PORT\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
