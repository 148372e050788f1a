package main

import (
	"bufio"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// A player is the user of the game's terminal.
type player struct {
	*uvtest.PTY
	t      *testing.T
	cmd    *exec.Cmd
	screen *bufio.Reader
}

func play(t *testing.T) *player {
	t.Helper()
	uvtest.Watchdog(t, time.Minute)
	p := &player{uvtest.NewPTY(t), t, uvtest.Command(t, "main"), nil}
	p.screen = bufio.NewReader(p.User)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = p.File, p.File, p.File
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// sees reads the terminal's output until it matches the pattern.
func (p *player) sees(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var seen strings.Builder
	for !re.MatchString(seen.String()) {
		b, err := p.screen.ReadByte()
		if err != nil {
			p.t.Fatalf("%v after %q", err, &seen)
		}
		seen.WriteByte(b)
	}
	return seen.String()
}

// ends expects the end of the game, and the terminal's first mode.
func (p *player) ends() {
	p.t.Helper()
	if err := p.cmd.Wait(); err != nil {
		p.t.Error(err)
	}
	if !p.Cooked() {
		p.t.Error("the terminal is still raw")
	}
}

func TestGameIsWon(t *testing.T) {
	p := play(t)
	for caught := range toWin {
		line := p.sees(`\r[ @$]*@[ @$]*\$[ @$]* \d/3|\r[ @$]*\$[ @$]*@[ @$]* \d/3`)
		line = line[strings.LastIndexByte(line, '\r')+1:]
		if want := byte('0' + caught); line[len(line)-3] != want {
			t.Fatalf("%q: %c caught", line, want)
		}
		steps := strings.IndexByte(line, '$') - strings.IndexByte(line, '@')
		key := "l"
		if steps < 0 {
			key, steps = "h", -steps
		}
		for range steps - 1 {
			p.Type(key)
			p.sees(`\r[ @$]+ \d/3`)
		}
		p.Type(key)
	}
	p.sees("you win\r\n")
	p.ends()
}

func TestGameIsGivenUp(t *testing.T) {
	p := play(t)
	p.sees(`@ {4}\$ +0/3`)
	if p.Cooked() {
		t.Error("the terminal is not raw")
	}
	narrow := &unix.Winsize{Col: 30, Row: 10}
	if err := unix.IoctlSetWinsize(int(p.User.Fd()), unix.TIOCSWINSZ, narrow); err != nil { // raises SIGWINCH
		t.Fatal(err)
	}
	p.sees(`\r@ {4}\$ {16} 0/3`)
	p.Type("\x03")
	p.sees("bye\r\n")
	p.ends()
}

func TestGameNeedsATerminal(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(1)
	if !strings.Contains(p.Stderr(), "tty init: invalid argument") {
		t.Errorf("complaint %q", p.Stderr())
	}
}
