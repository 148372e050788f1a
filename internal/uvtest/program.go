//go:build unix

package uvtest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// A Program is a helper that runs in a process of its own. The test uses its standard
// input and output.
type Program struct {
	Cmd    *exec.Cmd
	t      testing.TB
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// maxWait is how long a test waits for a program. Then the program is killed, and the
// test fails and says what it waits for.
const maxWait = 2 * time.Minute

// Start starts the named helper; see [Helper]. The tests of examples register an
// example's main function as a helper.
func Start(t testing.TB, name string, args ...string) *Program {
	t.Helper()
	p := &Program{t: t, Cmd: Command(t, name, args...)}
	p.Cmd.Stderr = &p.stderr
	in, err := p.Cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(maxWait, func() { _ = p.Cmd.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	return p
}

// Expect reads lines of the standard output until one matches the pattern. It returns
// the match of the pattern's last group, or the whole match if there is no group.
func (p *Program) Expect(pattern string) string {
	p.t.Helper()
	return Line(p.t, p.out, pattern, func() string {
		_ = p.Cmd.Wait()
		return p.stderr.String()
	})
}

// Input writes to the standard input.
func (p *Program) Input(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, text); err != nil {
		p.t.Fatal(err)
	}
}

// CloseInput ends the standard input.
func (p *Program) CloseInput() { _ = p.in.Close() }

// Signal sends a signal.
func (p *Program) Signal(sig os.Signal) {
	p.t.Helper()
	if err := p.Cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// Wait waits until the program ends, checks its status and returns the rest of the
// standard output.
func (p *Program) Wait(status int) string {
	p.t.Helper()
	rest, err := io.ReadAll(p.out)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.Cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		p.t.Fatal(err)
	}
	if got := p.Cmd.ProcessState.ExitCode(); got != status {
		p.t.Fatalf("%v, want status %d\n%s", p.Cmd.ProcessState, status, &p.stderr)
	}
	return string(rest)
}

// Stderr returns what the program has written to its standard error. The program must
// have ended.
func (p *Program) Stderr() string { return p.stderr.String() }
