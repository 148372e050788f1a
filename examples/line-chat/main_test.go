package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// A guest is a client of the chat.
type guest struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func join(t *testing.T, addr string) *guest {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	g := &guest{c, t, bufio.NewReader(c)}
	if line, err := g.r.ReadString('\n'); !strings.HasPrefix(line, "* you are guest") { // so it is in
		t.Fatalf("the greeting is %q, %v", line, err)
	}
	return g
}

func (g *guest) hears(want string) {
	g.t.Helper()
	if line, err := g.r.ReadString('\n'); line != want+"\n" {
		g.t.Fatalf("heard %q (%v), want %q", line, err, want)
	}
}

func (g *guest) says(text string) {
	g.t.Helper()
	if _, err := g.Write([]byte(text)); err != nil {
		g.t.Fatal(err)
	}
}

func TestChat(t *testing.T) {
	p := uvtest.Start(t, "main", "tcp://127.0.0.1:0")
	addr := p.Expect(`^chatting on (\S+)`)
	a := join(t, addr)
	p.Input("welcome\n")
	a.hears("*** welcome")
	b := join(t, addr)
	a.hears("* guest2 enters")
	c := join(t, addr)
	a.hears("* guest3 enters")
	b.hears("* guest3 enters")

	b.says("hel")
	b.says("lo\nall\nof")
	for _, g := range []*guest{a, c} {
		g.hears("guest2: hello")
		g.hears("guest2: all")
	}
	b.says(" you\r\n")
	a.hears("guest2: of you")
	c.hears("guest2: of you")

	p.Input("is everybody here?\n")
	for _, g := range []*guest{a, b, c} {
		g.hears("*** is everybody here?")
	}
	b.Close()
	a.hears("* guest2 leaves")
	c.hears("* guest2 leaves")
	c.says(strings.Repeat("x", maxLine+1))
	if _, err := io.Copy(io.Discard, c.r); err != nil { // until the server ends the connection
		t.Error(err)
	}
	c.Close()
	a.hears("* guest3 leaves (a line that is too long)")
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

func TestSilentClientsAreDisconnected(t *testing.T) {
	p := uvtest.Start(t, "main", "-idle", "100ms", "tcp://127.0.0.1:0")
	silent := join(t, p.Expect(`^chatting on (\S+)`))
	if line, err := silent.r.ReadString('\n'); err == nil {
		t.Errorf("heard %q", line)
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: line-chat [-idle TIME] ADDRESS\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
