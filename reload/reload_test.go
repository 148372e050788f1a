//go:build linux

package reload

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// The helper "unix" serves on a unix socket and on UDP; SIGHUP replaces it, SIGTERM ends it.
func init() {
	uvtest.Helper("unix", func() {
		os.Setenv("UVGO_TEST_HELPER", "unix") // the process after this one is the same
		asked := signals()
		ln, err := Listen("unix", os.Args[1])
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		f, err := File("udp", "127.0.0.1:0")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		p, err := net.FilePacketConn(f)
		if err != nil {
			panic(err)
		}
		f.Close()
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				fmt.Fprintln(c, os.Getpid(), p.LocalAddr())
				c.Close()
			}
		}()
		if strings.HasSuffix(os.Args[1], "silent") && os.Getenv("SILENT") != "" { // never ready
			select {}
		}
		os.Setenv("SILENT", "yes")
		if err := Ready(); err != nil {
			panic(err)
		}
		fmt.Println("ready", os.Getpid())
		for sig := range asked {
			if sig == syscall.SIGTERM {
				break
			}
			limit, cancel := context.WithTimeout(context.Background(), time.Minute)
			if strings.HasSuffix(os.Args[1], "silent") {
				limit, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
			}
			err := Do(limit)
			cancel()
			if err == nil {
				break
			}
			fmt.Println(err)
		}
		ln.Close()
		Close()
		fmt.Println("ended", os.Getpid())
	})
}

// whoServes asks a helper for its process and its UDP address.
func whoServes(t *testing.T, path string) (pid int, udp string) {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fscan(bufio.NewReader(c), &pid, &udp); err != nil {
		t.Fatal(err)
	}
	return pid, udp
}

// TestUnixSocketsStayWhereTheyAre: the old process does not remove the file of a socket that the new one serves; the last one does. The
// sockets are found again by their addresses, also one whose port the system has chosen.
func TestUnixSocketsStayWhereTheyAre(t *testing.T) {
	path := uvtest.SocketPath(t)
	p := uvtest.Start(t, "unix", path)
	first := p.Expect(`^ready (\d+)$`)
	_, udp := whoServes(t, path)
	last := first
	for range 3 {
		pid := atoi(t, last)
		if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		said := p.Expect(`^(ready \d+|ended \d+)$`) + " " + p.Expect(`^(ready \d+|ended \d+)$`) // in either order
		words := strings.Fields(said)
		at := slices.Index(words, "ready")
		if at < 0 || !strings.Contains(said, "ended "+fmt.Sprint(pid)) {
			t.Fatalf("the processes say %q", said)
		}
		last = words[at+1]
		if pid, addr := whoServes(t, path); pid != atoi(t, last) || addr != udp {
			t.Errorf("%d serves, with %s, not %s with %s", pid, addr, last, udp)
		}
	}
	if err := syscall.Kill(atoi(t, last), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.Expect(`^ended ` + last + `$`)
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's file is left: %v", err)
	}
}

// TestAProcessThatIsNotReadyInTimeIsEnded: the old one goes on, and can try again.
func TestAProcessThatIsNotReadyInTimeIsEnded(t *testing.T) {
	path := filepath.Join(filepath.Dir(uvtest.SocketPath(t)), "silent")
	p := uvtest.Start(t, "unix", path)
	first := p.Expect(`^ready (\d+)$`)
	for range 2 {
		p.Signal(syscall.SIGHUP)
		p.Expect(`^reload: the new process is not ready, this one goes on: context deadline exceeded$`)
	}
	if pid, _ := whoServes(t, path); fmt.Sprint(pid) != first {
		t.Errorf("process %d serves, not %s", pid, first)
	}
	p.Signal(syscall.SIGTERM)
	p.Wait(0)
}

func TestDoNeedsAContext(t *testing.T) {
	uvtest.IsErr(t, "Do", Do(nil), uv.EINVAL) //nolint:staticcheck // that is what it is about
}

func TestListenRefusesWhatIsNoNetwork(t *testing.T) {
	for _, tt := range [][2]string{{"tls", ":0"}, {"ip", "127.0.0.1"}, {"tcp", "nowhere"}, {"unix", ""}, {"unix", "/no/such/directory/s"}} {
		if ln, err := Listen(tt[0], tt[1]); err == nil {
			ln.Close()
			t.Errorf("it listens on %v", tt)
		} else if !strings.HasPrefix(err.Error(), "reload: listen") {
			t.Errorf("the error is %v", err)
		}
	}
}
