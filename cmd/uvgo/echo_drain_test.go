package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// owe connects a client that does not read to the server at a unix address, which has
// one loop, and sends more than the kernel buffers. It returns the client and the bytes
// that the server has still to send. The server has read and queued all of them.
func owe(t *testing.T, p *process, addr string) (net.Conn, []byte) {
	t.Helper()
	c, other := dial(t, addr), dial(t, addr)
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var owed []byte
	for held := 0; len(owed)-held < 64_000; { // less than what stops the server from reading
		piece := bytes.Repeat([]byte(fmt.Sprintf("%016d", len(owed))), 1000)
		if _, err := c.Write(piece); err != nil {
			t.Fatal(err)
		}
		owed = append(owed, piece...)
		for range 2 { // when the second comes back, the piece has been read and offered to the kernel
			exchange(t, other, []byte("hello"))
		}
		if err := raw.Control(func(fd uintptr) { held, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	other.Close()
	for open := ""; open != "1"; { // each statistics is an answer to a signal: this waits without a clock
		p.signal(syscall.SIGUSR1)
		open = p.expect(`^  connections +(\d+) open`)
	}
	return c, owed
}

func TestEchoDrainsWhatItOwes(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			p, addrs := echoServer(t, []string{"unix://" + uvtest.SocketPath(t)}, "--drain", "1m", "--loops", "1")
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
	p, addrs := echoServer(t, []string{"unix://" + uvtest.SocketPath(t)}, "--drain", "1m", "--loops", "1")
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
			p, addrs := echoServer(t, []string{"unix://" + path}, "--drain", "1h", "--loops", "1")
			owe(t, p, addrs[0])
			p.signal(syscall.SIGINT)
			p.expect(`^SIGINT: draining 1 connection `)
			p.signalUntil(tt.sig, `again: ended with 1 connection open`)
			p.wait(tt.status)
		})
	}
}

// TestEchoTakesADoubledSignalForOne: timeout(1) sends it to the process and to its group.
func TestEchoTakesADoubledSignalForOne(t *testing.T) {
	p, addrs := echoServer(t, []string{"unix://" + uvtest.SocketPath(t)}, "--drain", "1h", "--loops", "1")
	c, owed := owe(t, p, addrs[0])
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGINT) // the kernel would make one of two of the same
	p.expect(`draining 1 connection `)
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, owed) {
		t.Errorf("%d bytes came, %v, of %d", len(got), err, len(owed))
	}
	c.Close()
	p.expect(`^drained in `)
	p.wait(0)
}

func TestEchoSaysWhatADrainThatIsTooShortCuts(t *testing.T) {
	p, addrs := echoServer(t, []string{"unix://" + uvtest.SocketPath(t)}, "--drain", "50ms", "--loops", "1")
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
	p.expect(`^drained in (\d+ms|\d(\.\d+)?s): .*not every client had hung up`) // well before the 10 s of CloseTimeout
	p.wait(0)
}
