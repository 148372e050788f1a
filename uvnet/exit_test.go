package uvnet

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// exitNetwork is the variable that makes this binary the child of
// TestExitAfterWrite; exitAddress goes with it.
const (
	exitNetwork = "UVNET_EXIT_NETWORK"
	exitAddress = "UVNET_EXIT_ADDRESS"
)

const exitConns = 40

// TestExitAfterWrite: what Write returned for is the kernel's. A process that
// ends at once, without Close and without another turn of the loop, loses none
// of it, also where a turn readied many of its goroutines together.
func TestExitAfterWrite(t *testing.T) {
	if network := os.Getenv(exitNetwork); network != "" {
		exitAfterWrite(network, os.Getenv(exitAddress))
	}
	networks(t, func(t *testing.T, network string) {
		for round := range 3 {
			exitRound(t, network, []string{"1", "2", "4"}[round])
		}
	})
}

func exitRound(t *testing.T, network, procs string) {
	uvtest.Watchdog(t, minutes)
	ln, err := net.Listen(network, address(t, network))
	check(t, err)
	defer ln.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestExitAfterWrite$")
	cmd.Env = append(os.Environ(), exitNetwork+"="+network, exitAddress+"="+ln.Addr().String(), "GOMAXPROCS="+procs)
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	var conns []net.Conn
	for range exitConns {
		c, err := ln.Accept()
		check(t, err)
		defer c.Close()
		conns = append(conns, c)
	}
	for i, c := range conns {
		_, err := fmt.Fprintf(c, "%04d", i)
		check(t, err)
	}
	for i, c := range conns {
		answer, _ := io.ReadAll(c) // an end or a reset: the process is gone
		if want := fmt.Sprintf("answer %04d", i); string(answer) != want {
			t.Errorf("GOMAXPROCS=%s: connection %d got %q", procs, i, answer)
		}
	}
	check(t, cmd.Wait())
}

// exitAfterWrite answers on every connection and ends the process behind the
// last answer.
func exitAfterWrite(network, addr string) {
	var answered atomic.Int32
	var ready sync.WaitGroup
	for range exitConns {
		c, err := Dial(network, addr)
		if err != nil {
			panic(err)
		}
		ready.Add(1)
		go func() {
			buf := make([]byte, 4)
			ready.Done()
			if _, err := io.ReadFull(c, buf); err != nil {
				panic(err)
			}
			if _, err := fmt.Fprintf(c, "answer %s", buf); err != nil {
				panic(err)
			}
			if answered.Add(1) == exitConns {
				os.Exit(0)
			}
		}()
	}
	ready.Wait()
	select {}
}

// TestWriteWaitsForTheKernel: Write does not return before the kernel has all of
// it, be it as little as a byte. The peer does not read, so only the deadline
// ends these; what the loop has taken over by then counts as written. TCP runs
// the same code, but its kernel takes a byte more now and then.
func TestWriteWaitsForTheKernel(t *testing.T) {
	const tail = "0123456789"
	for name, write := range map[string]func(t *testing.T, c *UnixConn) (int64, error){
		"Write": func(t *testing.T, c *UnixConn) (int64, error) {
			n, err := c.Write([]byte(tail))
			return int64(n), err
		},
		"WriteBuffers": func(t *testing.T, c *UnixConn) (int64, error) {
			return c.WriteBuffers(&net.Buffers{[]byte(tail)})
		},
		"sendfile": func(t *testing.T, c *UnixConn) (int64, error) {
			f, err := os.Open(writeTemp(t, tail))
			check(t, err)
			defer f.Close()
			return c.ReadFrom(io.LimitReader(f, int64(len(tail))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			uvtest.Watchdog(t, minutes)
			s, c := connectPair(t, "unix", makers[1], makers[0])
			defer s.Close()
			defer c.Close()
			full := fillKernel(t, c)
			n, err := int64(0), error(nil)
			for wait := 20 * time.Millisecond; n == 0; wait *= 2 { // on a busy machine it may pass before Write begins
				deadline := time.Now().Add(wait)
				check(t, c.SetWriteDeadline(deadline))
				n, err = write(t, c.(*UnixConn))
				if time.Now().Before(deadline) {
					t.Errorf("returned %d, %v although the kernel is full", n, err)
				}
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					break
				}
			}
			if n != int64(len(tail)) || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			check(t, c.Close())
			got, err := io.ReadAll(s)
			if len(got) != full+len(tail) || err != nil || !strings.HasSuffix(string(got), tail) {
				t.Errorf("the peer read %d bytes, %v; want %d", len(got), err, full+len(tail))
			}
		})
	}
}

// writeTemp writes a file that goes when the test ends.
func writeTemp(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	check(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

// fillKernel writes zeros past c until the kernel takes no more, and returns how
// many it took.
func fillKernel(t *testing.T, c net.Conn) (n int) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	check(t, err)
	zeros := make([]byte, 4<<10)
	check(t, raw.Control(func(fd uintptr) {
		for err := error(nil); err != unix.EAGAIN; {
			var m int
			if m, err = unix.Write(int(fd), zeros); err == nil {
				n += m
			} else if err != unix.EINTR && err != unix.EAGAIN {
				t.Error(err)
				return
			}
		}
	}))
	return n
}
