package main

import (
	"bytes"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// owe makes the server at a unix address owe a client that does not read more
// than the kernel holds for it, and returns the client and what it is owed. The
// server has read and queued all of it.
func owe(t *testing.T, p *process, addr string) (net.Conn, []byte) {
	t.Helper()
	c := dial(t, addr)
	owed := bytes.Repeat([]byte("0123456789abcdef"), 400_000/16)
	if _, err := c.Write(owed); err != nil {
		t.Fatal(err)
	}
	for { // each statistics is an answer to a signal: this waits without a clock
		p.signal(syscall.SIGUSR1)
		if in := p.expect(`^  bytes +(.*)`); in == "400.0 kB in, 400.0 kB out" {
			return c, owed
		}
	}
}

func TestEchoDrainsWhatItOwes(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			p, addrs := echoServer(t, []string{"unix://" + uvtest.SocketPath(t)}, "--drain", "1m")
			c, owed := owe(t, p, addrs[0])
			p.signal(sig)
			p.expect(`draining 1 connection `)
			if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, owed) {
				t.Errorf("%d bytes came, %v, of %d", len(got), err, len(owed))
			}
			c.Close()
			p.expect(`^drained in `)
			p.wait(0)
		})
	}
}

func TestEchoDrainsWhenNobodyReadsItsOutput(t *testing.T) {
	p, addrs := echoServer(t, []string{"unix://" + uvtest.SocketPath(t)}, "--drain", "1m")
	c, owed := owe(t, p, addrs[0])
	p.out.Close()
	p.signal(syscall.SIGTERM)
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, owed) {
		t.Errorf("%d bytes came, %v, of %d", len(got), err, len(owed))
	}
	c.Close()
	p.status(0)
}

func TestEchoSecondSignalEndsAtOnce(t *testing.T) {
	for _, tt := range []struct {
		sig    syscall.Signal
		status int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		t.Run(tt.sig.String(), func(t *testing.T) {
			path := uvtest.SocketPath(t)
			p, addrs := echoServer(t, []string{"unix://" + path}, "--drain", "1h")
			owe(t, p, addrs[0])
			p.signal(syscall.SIGINT)
			p.expect(`^SIGINT: draining 1 connection `)
			p.signal(tt.sig)
			p.expect(`again: ended with 1 connection open`)
			p.wait(tt.status)
		})
	}
}

func TestEchoSaysWhatADrainThatIsTooShortCuts(t *testing.T) {
	p, addrs := echoServer(t, []string{"unix://" + uvtest.SocketPath(t)}, "--drain", "50ms")
	owe(t, p, addrs[0])
	p.signal(syscall.SIGTERM)
	p.wait(1)
	holds(t, p.complaint(), "1 connection cut", "kB unsent", "--drain")
}

func TestEchoDrainEndsWithoutClientsHangingUp(t *testing.T) {
	p, addrs := echoServer(t, loopback, "--drain", "50ms")
	c := dial(t, addrs[0])
	exchange(t, c, []byte("hello"))
	p.signal(syscall.SIGTERM)
	p.expect(`^drained in (\d+ms|[1-4]\.\d+s): .*not every client had hung up`) // not when the server lost patience
	p.wait(0)
}
