package kit

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A Remote is a helper process that serves and answers questions: it prints its
// address, and then a line for each line that it reads.
type Remote struct {
	t    testing.TB
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	Addr net.Addr // where it serves
}

// line returns what the helper says next.
func (r *Remote) line() string {
	r.t.Helper()
	if !r.out.Scan() {
		r.t.Fatalf("the helper has ended: %v", r.cmd.Wait())
	}
	return r.out.Text()
}

// Ask sends a line and scans the answer.
func (r *Remote) Ask(question string, answer ...any) {
	r.t.Helper()
	_, err := fmt.Fprintln(r.in, question)
	uvtest.Check(r.t, err)
	if _, err := fmt.Sscan(r.line(), answer...); err != nil {
		r.t.Fatalf("the helper's answer to %q: %v", question, err)
	}
}

// End ends the helper in good order.
func (r *Remote) End() {
	r.t.Helper()
	r.in.Close()
	for r.out.Scan() {
		r.t.Errorf("the helper says %q", r.out.Text())
	}
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("the helper ended with %v", err)
	}
}

// StartRemote starts the named helper, which calls [Answer]; see uvtest.Helper.
func StartRemote(t testing.TB, name string, args ...string) *Remote {
	t.Helper()
	r := &Remote{t: t, cmd: uvtest.Command(t, name, args...)}
	r.cmd.Stderr = os.Stderr
	r.in = uvtest.Must(r.cmd.StdinPipe())
	r.out = bufio.NewScanner(uvtest.Must(r.cmd.StdoutPipe()))
	uvtest.Check(t, r.cmd.Start())
	r.Addr = uvtest.Must(net.ResolveTCPAddr("tcp", r.line()))
	return r
}

// Answer is the helper's side: it prints the address, and for each question on the standard
// input what its function returns.
func Answer(addr net.Addr, questions map[string]func() []any) {
	fmt.Println(addr)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(questions[strings.TrimSpace(in.Text())]()...)
	}
	time.AfterFunc(time.Minute, func() { panic("the helper does not end") }) // nobody else would end it
}
