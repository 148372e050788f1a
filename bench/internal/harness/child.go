package harness

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Limits.
const (
	StartLimit = 10 * time.Second // for a server to listen
	StopLimit  = 5 * time.Second  // for a child to end after SIGTERM
)

// A Child is a process that the harness has started. It is killed when the context or
// the harness ends.
type Child struct {
	Line chan string   // the first line of stdout
	Done chan struct{} // closed when it has ended
	Err  error         // how, once Done is closed

	name   string
	cmd    *exec.Cmd
	stderr *tail
}

// Start runs a program pinned to these CPUs. stdin may be nil.
func Start(ctx context.Context, cpus []int, stdin io.Reader, name, bin string, args ...string) (*Child, error) {
	c := &Child{name: name, Line: make(chan string, 1), stderr: &tail{}, Done: make(chan struct{})}
	c.cmd = exec.CommandContext(ctx, bin, args...)
	c.cmd.Stdin = stdin
	c.cmd.Stdout = &firstLine{line: c.Line}
	c.cmd.Stderr = c.stderr
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = StopLimit
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := StartPinned(c.cmd, cpus); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		c.Err = c.cmd.Wait()
		close(c.Done)
	}()
	return c, nil
}

// Await waits for the child's first line, which must begin with want, and
// returns the rest of it.
func (c *Child) Await(want string, limit time.Duration) (string, error) {
	select {
	case line := <-c.Line:
		rest, ok := strings.CutPrefix(line, want+" ")
		if !ok {
			return "", fmt.Errorf("%s printed %q instead of %q", c.name, line, want)
		}
		return rest, nil
	case <-c.Done:
		return "", fmt.Errorf("%s ended early: %v: %s", c.name, c.Err, c.stderr)
	case <-time.After(limit):
		return "", fmt.Errorf("%s did not print %q within %v: %s", c.name, want, limit, c.stderr)
	}
}

// Stop ends the child with SIGTERM, after StopLimit with SIGKILL.
func (c *Child) Stop() error {
	c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.Done:
	case <-time.After(StopLimit):
		c.cmd.Process.Kill()
		<-c.Done
		return fmt.Errorf("%s did not end within %v of SIGTERM", c.name, StopLimit)
	}
	if c.Err != nil {
		return fmt.Errorf("%s: %w: %s", c.name, c.Err, c.stderr)
	}
	return nil
}

// PID returns the process's ID.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// CPU returns the CPU time that a child has used. The child must have ended.
func (c *Child) CPU() time.Duration {
	return c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
}

// Stderr returns the last part of what the child has written to stderr.
func (c *Child) Stderr() string { return c.stderr.String() }
