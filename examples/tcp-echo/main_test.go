package main

import (
	"bytes"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestEcho(t *testing.T) {
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr := p.Expect(`^listening on (.*)`)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent := bytes.Repeat([]byte("all of it, please\n"), 1<<19) // 9 MiB: more than all buffers on the way
	go func() {
		c.Write(sent)
		c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, sent) {
		t.Errorf("got %d bytes back, of %d", len(got), len(sent))
	}
	p.Signal(syscall.SIGINT)
	p.Wait(0)
}

// TestEchoOfLargeMessages waits for each echo before it sends the next message. So the
// server has to start reading again by itself after it was full.
func TestEchoOfLargeMessages(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	c, err := net.Dial("tcp", p.Expect(`^listening on (.*)`))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent, got := make([]byte, 256<<10), make([]byte, 256<<10)
	for range 100 {
		go c.Write(sent)
		if _, err := io.ReadFull(c, got); err != nil {
			t.Fatal(err)
		}
	}
	p.Signal(syscall.SIGINT)
	p.Wait(0)
}

func TestBadAddress(t *testing.T) {
	uvtest.Start(t, "main", "-addr", "nowhere").Wait(1)
}
