package main

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestSendersLearnTheirAddresses(t *testing.T) {
	p := uvtest.Start(t, "main", "udp://127.0.0.1:0")
	addr := p.Expect(`^answering on (\S+)`)
	for range 20 { // some for each loop
		c := uvtest.Must(net.Dial("udp", addr))
		defer c.Close()
		uvtest.Check(t, c.SetDeadline(time.Now().Add(time.Minute)))
		for _, question := range []string{"who am I?", ""} {
			uvtest.Must(c.Write([]byte(question)))
			got := make([]byte, 100)
			n := uvtest.Must(c.Read(got))
			if want := c.LocalAddr().String() + "\n"; string(got[:n]) != want {
				t.Errorf("the answer is %q, want %q", got[:n], want)
			}
		}
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: udp-responder ADDRESS\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
