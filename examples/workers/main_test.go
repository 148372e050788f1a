package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) {
	if os.Getenv(workerEnv) != "" { // the parent has started this binary again
		main()
		os.Exit(0)
	}
	uvtest.Main(m)
}

// TestWorkers: all workers answer, a killed worker is replaced, and all end with their
// parent.
func TestWorkers(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	cmd := uvtest.Command(t, "main", "127.0.0.1:0", "3")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var addr string
	says := func(format string, args ...any) {
		t.Helper()
		if !lines.Scan() {
			t.Fatal("the parent has ended")
		}
		if _, err := fmt.Sscanf(lines.Text(), format, args...); err != nil {
			t.Fatalf("it says %q: %v", lines.Text(), err)
		}
	}
	says("serving on %s", &addr)
	ready := map[int]bool{}
	for range 3 {
		var n int
		says("worker %d is ready", &n)
		ready[n] = true
	}
	if len(ready) != 3 {
		t.Errorf("ready are %v", ready)
	}

	n, pid := visit(t, addr)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var dead, status, signal, next int
	says("worker %d has ended: status %d, signal %d", &dead, &status, &signal)
	says("worker %d is ready", &next)
	if dead != n || next != n || signal != int(syscall.SIGKILL) {
		t.Errorf("worker %d was killed; %d ended by signal %d, %d is ready", n, dead, signal, next)
	}
	visit(t, addr)

	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(out); len(rest) != 0 || err != nil { // the end: nobody has it open
		t.Errorf("it also says %q, %v", rest, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("somebody listens still")
	}
}

func TestWrongArguments(t *testing.T) {
	for _, args := range [][]string{{"nowhere", "2"}, {"127.0.0.1:0", "many"}, {"127.0.0.1:0", "0"}} {
		uvtest.Start(t, "main", args...).Wait(1)
	}
}

// visit returns the number of the worker that answers.
func visit(t *testing.T, addr string) (worker, pid int) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fscanf(c, "hello from worker %d, process %d\n", &worker, &pid); err != nil {
		t.Fatal(err)
	}
	return worker, pid
}

// TestUsage: without both arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main", "127.0.0.1:0")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: workers ADDRESS:PORT WORKERS\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
