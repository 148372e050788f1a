package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// terminal opens a pseudo-terminal of the given width. It returns the master, for the
// test, and the terminal, for a process.
func terminal(t *testing.T, cols uint16) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	fd := int(ours.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: cols}); err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	return ours, theirs
}

// startOn starts uvgo on a new terminal. The process's output is the output of the
// terminal.
func startOn(t *testing.T, cols uint16, args ...string) (*process, *os.File) {
	t.Helper()
	ours, theirs := terminal(t, cols)
	p := &process{t: t, cmd: uvtest.Command(t, "uvgo", args...), stdout: bufio.NewReader(ours)}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirs, theirs, theirs
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p.begin()
	return p, ours
}

// rewritten returns the text between two rewrites of the status line.
func rewritten(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var text []byte
	for {
		b, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%v after %q", err, text)
		}
		if text = append(text, b); len(text) >= len(eraseLine) && string(text[len(text)-len(eraseLine):]) == eraseLine {
			return string(text[:len(text)-len(eraseLine)])
		}
	}
}

func TestEchoRewritesItsStatusLineOnATerminal(t *testing.T) {
	t.Parallel()
	p, keyboard := startOn(t, 200, "echo", "--listen", loopback[0])
	addr := p.expect(`^listening on (\S+) `)
	p.expect(`^stop: `)
	c := dial(t, addr)
	exchange(t, c, []byte("hello"))
	if text := rewritten(t, p.stdout); text != "" {
		t.Errorf("%q stands before the first status line", text)
	}
	for range 2 {
		holds(t, rewritten(t, p.stdout), "1 conns  ", " messages/s  ", " MB/s  ", " turns/s  ", " events/crossing")
	}
	c.Close()
	if _, err := keyboard.Write([]byte{3}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	p.expect(`SIGINT: draining`)
	p.expect(`^drained in `)
	p.end()
}

func TestEchoCutsItsStatusLineToTheTerminal(t *testing.T) {
	t.Parallel()
	p, keyboard := startOn(t, 20, "echo", "--listen", loopback[0])
	p.expect(`^stop: `)
	rewritten(t, p.stdout)
	if text := rewritten(t, p.stdout); text != "0 conns" {
		t.Errorf("of 20 columns it shows %q, not the parts that fit", text)
	}
	if _, err := keyboard.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	p.end()
}

func TestStatusLineIsCutBetweenItsParts(t *testing.T) {
	const text = "12 conns  3 messages/s  4 MB/s"
	for cols, want := range map[int]string{0: "", 5: "12 co", 8: "12 conns", 9: "12 conns", 21: "12 conns", 22: "12 conns  3 messages/s", 29: "12 conns  3 messages/s"} {
		if got := cut(text, cols); got != want {
			t.Errorf("%d columns show %q, want %q", cols, got, want)
		}
	}
}

func TestLoadShowsItsProgressOnATerminal(t *testing.T) {
	t.Parallel()
	_, addrs := echoServer(t, loopback)
	p, keyboard := startOn(t, 80, "load", addrs[0], "--duration", "1h", "--conns", "2")
	p.expect(`^2 connections, .* 1h0m0s to `)
	rewritten(t, p.stdout)
	holds(t, rewritten(t, p.stdout), "s of 1h0m0s")
	if _, err := keyboard.Write([]byte{3}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	p.expect(`requests .* interrupted`)
	p.end()
}

func TestHelpFitsANarrowTerminal(t *testing.T) {
	t.Parallel()
	p, _ := startOn(t, 40, "load", "-h")
	p.expect(`^flags:`)
	p.expect(`^  --conns N\r?$`)
	p.expect(`^      open N connections`)
	p.end()
}

func TestEchoWritesNoStatusLineElsewhere(t *testing.T) {
	t.Parallel()
	p, _ := echoServer(t, loopback)
	began := time.Now()
	for time.Since(began) < 1500*time.Millisecond { // longer than to the first tick
		p.signal(syscall.SIGUSR1)
		if line := p.expect(`(.*)`); line != "" && line[0] == '\r' {
			t.Fatalf("it wrote %q", line)
		}
		p.expect(`^  events `)
	}
	p.signal(syscall.SIGTERM)
	p.wait(0)
}

// end reads the rest of the terminal's output, and expects status 0. Linux reports EIO
// at the end, when no process has the terminal open any more.
func (p *process) end() {
	p.t.Helper()
	go func() { _, _ = io.Copy(io.Discard, p.stdout) }() // until our end is closed
	if err := p.cmd.Wait(); err != nil {
		p.t.Error(err)
	}
}
