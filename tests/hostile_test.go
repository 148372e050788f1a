package tests

// The hostile suite, peers and callbacks that behave badly, lives in
// hostile_*_test.go; here is what its files share.

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// A handler is made of functions; nil ones do nothing, but the data that nobody
// wants is echoed.
type handler struct {
	open, drain func(c *server.Conn)
	data        func(c *server.Conn, p []byte)
	close       func(c *server.Conn, err error)
}

func (h *handler) Open(c *server.Conn) {
	if h.open != nil {
		h.open(c)
	}
}

func (h *handler) Data(c *server.Conn, p []byte) {
	if h.data == nil {
		_, _ = c.Write(p)
		return
	}
	h.data(c, p)
}

func (h *handler) Close(c *server.Conn, err error) {
	if h.close != nil {
		h.close(c, err)
	}
}

func (h *handler) Drain(c *server.Conn) {
	if h.drain != nil {
		h.drain(c)
	}
}

// parkings are the two ways in which a loop waits.
var parkings = map[string]uvgo.Parking{"thread": uvgo.ParkThread, "goroutine": uvgo.ParkGoroutine}

// serve serves until the function that it returns is called, which also waits
// for the end. It panics on errors, and so serves helper processes, too.
func serve(s *server.Server, addrs ...string) (stop func()) {
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	must(0, s.Listen(addrs...))
	served := make(chan error)
	go func() { served <- s.Serve(bg) }()
	return func() {
		must(0, s.Shutdown(bg))
		must(0, <-served)
	}
}

// serveAll is serve with a Close at once instead of an orderly end.
func serveAll(s *server.Server, addrs ...string) (stop func()) {
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	must(0, s.Listen(addrs...))
	ctx, cancel := context.WithCancel(bg)
	served := make(chan error)
	go func() { served <- s.Serve(ctx) }()
	return func() { cancel(); <-served }
}

// dial connects to the address of a server.
func dial(t testing.TB, a net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(a.Network(), a.String())
	check(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// reset closes a connection; a TCP one with a reset.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

// echoesBack sends a message and wants it back.
func echoesBack(c net.Conn, msg string) error {
	if _, err := io.WriteString(c, msg); err != nil {
		return err
	}
	got := make([]byte, len(msg))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != msg {
		return fmt.Errorf("echo of %q is %q", msg, got)
	}
	return nil
}

// await waits for what another goroutine or process brings about; a watchdog
// ends what never comes.
func await(done func() bool) {
	for i := 0; !done(); i++ {
		if runtime.Gosched(); i > 10 {
			time.Sleep(100 * time.Microsecond) // leave the processor to others
		}
	}
}

// A remote is a helper process that serves and answers questions: it prints its
// address, and then a line for each line that it reads.
type remote struct {
	t    testing.TB
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	addr net.Addr
}

func startRemote(t testing.TB, name string, args ...string) *remote {
	t.Helper()
	r := &remote{t: t, cmd: uvtest.Command(t, name, args...)}
	r.cmd.Stderr = os.Stderr
	r.in = must(r.cmd.StdinPipe())
	r.out = bufio.NewScanner(must(r.cmd.StdoutPipe()))
	check(t, r.cmd.Start())
	r.addr = must(net.ResolveTCPAddr("tcp", r.line()))
	return r
}

// line returns what the helper says next.
func (r *remote) line() string {
	r.t.Helper()
	if !r.out.Scan() {
		r.t.Fatalf("the helper has ended: %v", r.cmd.Wait())
	}
	return r.out.Text()
}

// ask sends a line and scans the answer.
func (r *remote) ask(question string, answer ...any) {
	r.t.Helper()
	_, err := fmt.Fprintln(r.in, question)
	check(r.t, err)
	if _, err := fmt.Sscan(r.line(), answer...); err != nil {
		r.t.Fatalf("the helper's answer to %q: %v", question, err)
	}
}

// end ends the helper in good order.
func (r *remote) end() {
	r.t.Helper()
	r.in.Close()
	for r.out.Scan() {
		r.t.Errorf("the helper says %q", r.out.Text())
	}
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("the helper ended with %v", err)
	}
}

// answer is the helper's side.
func answer(addr net.Addr, questions map[string]func() []any) {
	fmt.Println(addr)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(questions[strings.TrimSpace(in.Text())]()...)
	}
	time.AfterFunc(time.Minute, func() { panic("the helper does not end") }) // nobody else would end it
}

// hostileFor is how long peers are hostile to each way of waiting where time is
// the point.
func hostileFor() time.Duration {
	if os.Getenv("UVGO_LONG") == "1" {
		return time.Minute
	}
	return time.Second
}
