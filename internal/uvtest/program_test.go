package uvtest

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
	"testing"
)

func init() {
	Helper("talk", func() {
		fmt.Println("ready for", os.Args[1])
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			fmt.Println("you said", in.Text())
		}
		fmt.Fprintln(os.Stderr, "nobody talks")
		fmt.Print("the end")
		os.Exit(3)
	})
}

func TestProgramIsTalkedTo(t *testing.T) {
	p := Start(t, "talk", "you")
	if who := p.Expect(`^ready for (\w+)$`); who != "you" {
		t.Errorf("ready for %q", who)
	}
	p.Input("a\nb\n")
	if line := p.Expect(`^.* b$`); line != "you said b" { // what does not match is skipped
		t.Errorf("line %q", line)
	}
	p.CloseInput()
	if rest := p.Wait(3); rest != "the end" {
		t.Errorf("the rest is %q", rest)
	}
	if p.Stderr() != "nobody talks\n" {
		t.Errorf("standard error %q", p.Stderr())
	}
}

func TestProgramIsSignalled(t *testing.T) {
	p := Start(t, "talk", "x")
	p.Expect("ready")
	p.Signal(syscall.SIGKILL)
	p.Wait(-1)
}
