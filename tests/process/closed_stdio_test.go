package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uvfs"
	"github.com/uvgo/uvgo/uvnet"
)

func init() { uvtest.Helper("closed stdio", closedStdioHelper) }

var (
	loopback9 = netip.MustParseAddrPort("127.0.0.1:9") // discard
)

// A program that has closed standard descriptors: the system hands their numbers out
// again, and libuv aborts when it closes one, or never closes it.
func TestStandardDescriptorsMayBeClosed(t *testing.T) {
	uvtest.Watchdog(t, 5*time.Minute)
	for mask := 1; mask < 8; mask++ {
		t.Run(fmt.Sprintf("%03b", mask), func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			cmd := uvtest.Command(t, "closed stdio", strconv.Itoa(mask), t.TempDir())
			cmd.ExtraFiles = []*os.File{w} // the child's descriptor 3
			stderr, stdout := new(output), new(output)
			cmd.Stderr, cmd.Stdout = stderr, stdout
			err = cmd.Start()
			w.Close()
			if err != nil {
				t.Fatal(err)
			}
			report, _ := io.ReadAll(r)
			if err := cmd.Wait(); err != nil || string(report) != "done\n" {
				t.Errorf("%v: %s%s%s", err, report, stdout, stderr)
			}
		})
	}
}

type output struct{ b []byte }

func (o *output) Write(p []byte) (int, error) { o.b = append(o.b, p...); return len(p), nil }
func (o *output) String() string              { return string(o.b) }

// closedStdioHelper runs every part with the descriptors of its mask closed, each
// time before and after the part has made its loop.
func closedStdioHelper() {
	mask, _ := strconv.Atoi(os.Args[1])
	dir := os.Args[2]
	report := os.NewFile(3, "report")
	syscall.CloseOnExec(3)
	shut := func() {
		for fd := range 3 {
			if mask>>fd&1 != 0 {
				unix.Close(fd)
			}
		}
	}
	for _, part := range []struct {
		name string
		run  func(dir string, before, after func()) error
	}{
		{"loop", loopPart}, {"connections", connectionsPart}, {"handles", handlesPart}, {"take", takePart}, {"spawn", spawnPart},
		{"server", serverPart}, {"uvnet", uvnetPart}, {"uvfs", uvfsPart},
	} {
		for when, hooks := range map[string][2]func(){"before": {shut, func() {}}, "after": {func() {}, shut}} {
			fillStdio() // what the part makes first must not be closed
			if err := part.run(dir, hooks[0], hooks[1]); err != nil {
				fmt.Fprintf(report, "%s, closed %s the loop was made: %v\n", part.name, when, err)
				os.Exit(1)
			}
		}
	}
	fmt.Fprintln(report, "done")
}

// fillStdio opens the standard descriptors that are closed.
func fillStdio() {
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil || fd > 2 {
			unix.Close(fd)
			return
		}
	}
}

// withLoop runs part on a loop, until no work is left, and closes it.
func withLoop(before, after func(), part func(l *uvgo.Loop) error) error {
	before()
	l, err := uvgo.New()
	if err != nil {
		return err
	}
	after()
	if err := part(l); err != nil {
		return err
	}
	if err := l.Run(context.Background()); err != nil {
		return err
	}
	return l.Shutdown(context.Background())
}

func loopPart(_ string, before, after func()) error {
	return withLoop(before, after, func(l *uvgo.Loop) error {
		if fd := l.BackendFD(); fd < 3 {
			return fmt.Errorf("the backend descriptor is %d", fd)
		}
		_, err := l.AfterFunc(time.Millisecond, func() {})
		return err
	})
}

// ended tells why the peer of a closed connection does not read the end.
func ended(c net.Conn) error {
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("the peer of a closed connection reads %w", err)
	}
	return nil
}

// connectionsPart accepts and closes connections that wait when the descriptors are
// closed: the first number goes to libuv's own accept, the others to the one ahead.
func connectionsPart(_ string, before, after func()) error {
	const n = 5
	var peers []net.Conn
	err := withLoop(func() {}, func() {}, func(l *uvgo.Loop) error {
		ln, err := l.NewTCP()
		if err != nil {
			return err
		}
		accepted := 0
		if err := errors.Join(ln.Bind(looptest.Loopback), ln.Listen(n, func(c *handles.TCP, err error) {
			if err != nil {
				panic(err)
			}
			if fd, err := c.FD(); err != nil || fd < 3 {
				panic(fmt.Sprintf("the connection is descriptor %d, %v", fd, err))
			}
			_ = c.Close()
			if accepted++; accepted == n {
				_ = ln.Close()
			}
		})); err != nil {
			return err
		}
		addr, err := ln.LocalAddr()
		if err != nil {
			return err
		}
		for range n {
			c, err := net.Dial("tcp", addr.String())
			if err != nil {
				return err
			}
			peers = append(peers, c)
		}
		before()
		after()
		return nil
	})
	for _, c := range peers {
		err = errors.Join(err, ended(c))
	}
	return err
}

// takePart gives a connection that has a standard number to a handle.
func takePart(_ string, before, after func()) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	var peer net.Conn
	err = withLoop(func() {}, func() {}, func(l *uvgo.Loop) error {
		c, err := l.NewTCP()
		if err != nil {
			return err
		}
		before()
		after()
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil || fd > 2 {
			return fmt.Errorf("the socket is descriptor %d, %w", fd, err)
		}
		to := ln.Addr().(*net.TCPAddr)
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}); err != nil {
			return err
		}
		if peer, err = ln.Accept(); err != nil {
			return err
		}
		if err := c.Take(uintptr(fd)); err != nil {
			return err
		}
		return c.Close()
	})
	if err != nil {
		return err
	}
	return ended(peer)
}

func spawnPart(_ string, before, after func()) error {
	var got []byte
	err := withLoop(before, after, func(l *uvgo.Loop) error {
		p, err := l.Spawn(handles.ProcessOptions{File: "/bin/cat", Stdio: []handles.Stdio{
			handles.StdioPipe(handles.ChildReads), handles.StdioPipe(handles.ChildWrites),
		}}, nil)
		if err != nil {
			return err
		}
		in, out := p.Stdio(0), p.Stdio(1)
		_, err = in.Write([]byte("through cat"))
		return errors.Join(err, in.Shutdown(func(error) { _ = in.Close() }), out.ReadStart(func(b []byte, err error) {
			if got = append(got, b...); err != nil {
				_ = out.Close()
				_ = p.Close()
			}
		}))
	})
	if err == nil && string(got) != "through cat" {
		err = fmt.Errorf("cat says %q", got)
	}
	return err
}

type echoes struct{}

func (echoes) Open(*server.Conn)             {}
func (echoes) Data(c *server.Conn, p []byte) { _, _ = c.Write(p) }
func (echoes) Close(c *server.Conn, _ error) {}

// answered talks to an echo server and sees the connection end.
func answered(c net.Conn) error {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Write([]byte("abc")); err != nil {
		return err
	}
	got := make([]byte, 3)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "abc" {
		return fmt.Errorf("the answer is %q, %w", got, err)
	}
	return nil
}

func serverPart(dir string, before, after func()) error {
	before()
	s := &server.Server{Handler: echoes{}, Loops: 2}
	if err := s.Listen("tcp://127.0.0.1:0", "unix://"+filepath.Join(dir, "server")); err != nil {
		return err
	}
	after()
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	var err error
	for _, addr := range s.Addrs() {
		for range 4 {
			c, derr := net.Dial(addr.Network(), addr.String())
			if derr != nil {
				return derr
			}
			err = errors.Join(err, answered(c))
		}
	}
	return errors.Join(err, s.Shutdown(context.Background()), <-served)
}

func uvnetPart(_ string, before, after func()) error {
	ln, err := uvnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	before()
	after()
	for range 3 {
		c, err := uvnet.Dial("tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		peer, err := ln.Accept()
		if err != nil {
			return err
		}
		for _, c := range []net.Conn{c, peer} {
			raw, err := c.(syscall.Conn).SyscallConn()
			if err != nil {
				return err
			}
			if cerr := raw.Control(func(fd uintptr) {
				if fd < 3 {
					err = fmt.Errorf("a connection is descriptor %d", fd)
				}
			}); cerr != nil || err != nil {
				return errors.Join(cerr, err)
			}
		}
		if err := c.Close(); err != nil {
			return err
		}
		if err := ended(peer); err != nil {
			return err
		}
	}
	return nil
}

// uvfsPart opens files, which may have any number, as those of package os.
func uvfsPart(dir string, before, after func()) error {
	ctx := context.Background()
	before()
	f, err := uvfs.New()
	if err != nil {
		return err
	}
	after()
	name := filepath.Join(dir, "file")
	if err := f.WriteFile(ctx, name, []byte("text"), 0o600); err != nil {
		return err
	}
	before()
	after()
	file, err := f.Open(ctx, name)
	if err != nil {
		return err
	}
	fd := file.Fd()
	text, err := io.ReadAll(file)
	if err != nil || string(text) != "text" {
		return fmt.Errorf("descriptor %d reads %q, %w", fd, text, err)
	}
	if err := errors.Join(file.Close(), f.Copyfile(ctx, name, name+"2", 0), f.Close()); err != nil {
		return err
	}
	if _, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != unix.EBADF {
		return fmt.Errorf("descriptor %d of a closed file: %w", fd, err)
	}
	return nil
}
