package uvtest

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestPTYHasAUser(t *testing.T) {
	p := NewPTY(t)
	if !p.Cooked() {
		t.Error("a new terminal is not in its first mode")
	}
	p.Type("hi\r")
	p.Shows("hi\r\n")
	line := make([]byte, 10)
	if n, err := p.Read(line); err != nil || string(line[:n]) != "hi\n" {
		t.Errorf("the terminal reads %q, %v", line[:n], err)
	}
	again := p.Again(unix.O_WRONLY)
	if _, err := again.WriteString("there"); err != nil {
		t.Fatal(err)
	}
	p.Shows("there")
}
