package main

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
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

func join(t *testing.T, path string) *guest {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &guest{c, t, bufio.NewReader(c)}
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
	path := filepath.Join(t.TempDir(), "chat")
	p := uvtest.Start(t, "main", path)
	p.Expect(`^chatting on `)
	a := join(t, path)
	b := join(t, path)
	a.hears("* guest2 enters")
	c := join(t, path)
	a.hears("* guest3 enters")
	b.hears("* guest3 enters")

	b.says("hel")
	b.says("lo\nall\nof")
	for _, g := range []*guest{a, c} {
		g.hears("guest2: hello")
		g.hears("guest2: all")
	}
	b.says(" you\n")
	a.hears("guest2: of you")
	c.hears("guest2: of you")

	b.Close()
	a.hears("* guest2 leaves")
	c.hears("* guest2 leaves")
	c.says(strings.Repeat("x", maxLine+1))
	a.hears("* guest3 leaves")

	p.Signal(syscall.SIGTERM)
	p.Wait(0)
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is still there")
	}
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: unix-chat SOCKET\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
