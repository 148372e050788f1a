package uvnet

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
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
	uvtest.Check(t, err)
	defer ln.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestExitAfterWrite$")
	cmd.Env = append(os.Environ(), exitNetwork+"="+network, exitAddress+"="+ln.Addr().String(), "GOMAXPROCS="+procs)
	cmd.Stderr = os.Stderr
	uvtest.Check(t, cmd.Start())
	var conns []net.Conn
	for range exitConns {
		c, err := ln.Accept()
		uvtest.Check(t, err)
		defer c.Close()
		conns = append(conns, c)
	}
	for i, c := range conns {
		_, err := fmt.Fprintf(c, "%04d", i)
		uvtest.Check(t, err)
	}
	for i, c := range conns {
		answer, _ := io.ReadAll(c) // an end or a reset: the process is gone
		if want := fmt.Sprintf("answer %04d", i); string(answer) != want {
			t.Errorf("GOMAXPROCS=%s: connection %d got %q", procs, i, answer)
		}
	}
	uvtest.Check(t, cmd.Wait())
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
// ends these; what the loop has taken over by then counts as written.
func TestWriteWaitsForTheKernel(t *testing.T) {
	const tail = "0123456789"
	type writer interface {
		inner() *conn
		net.Conn
		io.ReaderFrom
		WriteBuffers(*net.Buffers) (int64, error)
	}
	for name, write := range map[string]func(t *testing.T, c writer) (int64, error){
		"Write": func(t *testing.T, c writer) (int64, error) {
			n, err := c.Write([]byte(tail))
			return int64(n), err
		},
		"WriteBuffers": func(t *testing.T, c writer) (int64, error) {
			return c.WriteBuffers(&net.Buffers{[]byte(tail)})
		},
		"sendfile": func(t *testing.T, c writer) (int64, error) {
			f, err := os.Open(writeTemp(t, tail))
			uvtest.Check(t, err)
			defer f.Close()
			return c.ReadFrom(io.LimitReader(f, int64(len(tail))))
		},
	} {
		networks(t, func(t *testing.T, network string) {
			t.Run(name, func(t *testing.T) {
				uvtest.Watchdog(t, minutes)
				s, conn := connectPair(t, network, makers[1], makers[0])
				defer s.Close()
				c := conn.(writer)
				defer c.Close()
				full, late := 0, false
				for wait := 20 * time.Millisecond; !late; wait *= 2 { // TCP's kernel takes a little more now and then
					full += fillKernel(t, c)
					deadline := time.Now().Add(wait)
					uvtest.Check(t, c.SetWriteDeadline(deadline))
					n, err := write(t, c)
					if late = !time.Now().Before(deadline); !late && c.inner().loopWrites() {
						t.Errorf("returned %d, %v although the kernel has not all of it", n, err)
					}
					full += int(n)
					switch {
					case n == 0 && errors.Is(err, os.ErrDeadlineExceeded): // before the loop could take it
						late = network == "unix" // where no loop does
					case n != int64(len(tail)) || err != nil:
						t.Errorf("%d, %v", n, err)
					case network == "unix":
						t.Errorf("%d bytes went into a full buffer", n)
						late = true
					}
				}
				uvtest.Check(t, c.Close())
				got, err := io.ReadAll(s)
				if len(got) != full || err != nil {
					t.Errorf("the peer read %d bytes, %v; want %d", len(got), err, full)
				}
			})
		})
	}
}

// loopWrites tells whether the loop still has something to write.
func (c *conn) loopWrites() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.state != writeDirect
}

// writeTemp writes a file that goes when the test ends.
func writeTemp(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	uvtest.Check(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

// fillKernel writes zeros past c until the kernel takes no more, and returns how
// many it took.
func fillKernel(t *testing.T, c net.Conn) (n int) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	uvtest.Check(t, err)
	zeros := make([]byte, 4<<10)
	uvtest.Check(t, raw.Control(func(fd uintptr) {
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

// TestBlockedWriterBlocks: a peer that reads nothing stops the writer, which a
// deadline frees; all that Write has reported arrives, in order, once the peer
// reads.
func TestBlockedWriterBlocks(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	networks(t, func(t *testing.T, network string) {
		s, c := connectPair(t, network, makers[0], makers[1])
		defer s.Close()
		want := random(32 << 20)
		n, err := 0, error(nil)
		for wait := 20 * time.Millisecond; n == 0; wait *= 2 { // on a busy machine it may pass before Write begins
			uvtest.Check(t, s.SetWriteDeadline(time.Now().Add(wait)))
			if n, err = s.Write(want); !errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || n == len(want) {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if m, err := s.Write(want); !errors.Is(err, os.ErrDeadlineExceeded) || m != 0 {
			t.Fatalf("past the deadline: %d bytes, %v", m, err)
		}
		uvtest.Check(t, s.SetWriteDeadline(time.Time{}))
		got := drained(c, 64<<10)
		if _, err := s.Write(want[n:]); err != nil {
			t.Fatal(err)
		}
		s.Close()
		same(t, <-got, want)
		c.Close()
	})
}
