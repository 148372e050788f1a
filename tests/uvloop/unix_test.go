package uvloop

import (
	"bytes"
	"io"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"stale_socket":       kit.PerParking(testStaleSocket),
		"hup_with_unread":    kit.PerLoop(testHupWithUnread),
		"replaced_path_kept": kit.PerParking(testReplacedPathKept),
	})
}

// leaveSocket leaves a socket file behind that nobody listens on.
func leaveSocket(t *testing.T, path string) {
	t.Helper()
	ln := uvtest.Must(net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}))
	ln.SetUnlinkOnClose(false)
	uvtest.Check(t, ln.Close())
	if _, err := os.Lstat(path); err != nil {
		t.Fatalf("no socket file is left: %v", err)
	}
}

func testStaleSocket(t *testing.T, park uvgo.Option) {
	path := uvtest.SocketPath(t)
	for range 2 { // also over one that a uvgo server would leave
		leaveSocket(t, path)
		s := &server.Server{Handler: &kit.Handler{}, Loops: 2, Options: []uvgo.Option{park}}
		stop := kit.Serve(s, "unix://"+path)
		c := kit.Dial(t, s.Addrs()[0])
		uvtest.Check(t, kit.EchoesBack(c, "fresh"))

		second := &server.Server{Handler: &kit.Handler{}, Loops: 1}
		uvtest.IsErr(t, "a path that somebody listens on", second.Listen("unix://"+path), uv.EADDRINUSE)
		uvtest.Check(t, kit.EchoesBack(c, "undisturbed"))
		again := kit.Dial(t, s.Addrs()[0])
		uvtest.Check(t, kit.EchoesBack(again, "still found"))
		c.Close()
		again.Close()
		stop()
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("the server leaves its socket behind: %v", err)
		}
	}

	uvtest.Check(t, os.WriteFile(path, []byte("precious"), 0o600))
	for _, loops := range []int{1, 2} {
		s := &server.Server{Handler: &kit.Handler{}, Loops: loops}
		uvtest.IsErr(t, "a regular file", s.Listen("unix://"+path), uv.EADDRINUSE)
		if text, err := os.ReadFile(path); string(text) != "precious" {
			t.Errorf("the file has become %q, %v", text, err)
		}
	}
	uvtest.Check(t, os.Remove(path))
	uvtest.Check(t, os.Mkdir(path, 0o700))
	s := &server.Server{Handler: &kit.Handler{}, Loops: 1}
	uvtest.IsErr(t, "a directory", s.Listen("unix://"+path), uv.EADDRINUSE)
	uvtest.Check(t, os.Remove(path))
	uvtest.Check(t, os.Symlink(path+".nowhere", path))
	s = &server.Server{Handler: &kit.Handler{}, Loops: 1}
	uvtest.IsErr(t, "a symbolic link", s.Listen("unix://"+path), uv.EADDRINUSE)
}

// testHupWithUnread has a peer send and go away before anything is read; the
// kernel then reports data and hang-up at once.
func testHupWithUnread(t *testing.T, l *uvgo.Loop) {
	for _, size := range []int{1, 1000, 150_000} {
		for _, reading := range []bool{false, true} {
			fds := uvtest.Must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
			want := uvtest.Pattern(size, uint32(size))
			p := uvtest.Must(l.NewPipe())
			uvtest.Check(t, p.Open(uintptr(fds[0])))
			uvtest.Check(t, unix.Close(fds[0]))
			var got []byte
			ended := uvtest.NewCounter(t, "EOF", 1)
			start := func() {
				uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
					if ended.N() != 0 {
						t.Error("a callback behind EOF")
					}
					if got = append(got, b...); err == nil {
						return
					}
					ended.Inc()
					uvtest.IsErr(t, "read", err, io.EOF)
					if !bytes.Equal(got, want) {
						t.Errorf("%d bytes before EOF, want %d", len(got), len(want))
					}
					uvtest.CloseAll(t, p)
				}))
			}
			if reading {
				start()
				looptest.TurnNoWait(t, l)
			}
			if n, err := unix.Write(fds[1], want); n != size {
				t.Fatalf("the peer wrote %d of %d: %v", n, size, err)
			}
			uvtest.Check(t, unix.Close(fds[1]))
			if !reading {
				looptest.TurnNoWait(t, l)
				start()
			}
			looptest.Run(t, l)
		}
	}

	// A server's connection that is paused meanwhile.
	opened := make(chan *server.Conn, 1)
	ended := make(chan error, 1)
	var got []byte
	s := &server.Server{Loops: 1, Handler: &kit.Handler{
		OnOpen:  func(c *server.Conn) { c.Pause(); opened <- c },
		OnData:  func(_ *server.Conn, p []byte) { got = append(got, p...) },
		OnClose: func(_ *server.Conn, err error) { ended <- err },
	}}
	defer kit.Serve(s, "unix://"+uvtest.SocketPath(t))()
	c := uvtest.Must(net.Dial("unix", s.Addrs()[0].String()))
	sc := <-opened
	want := uvtest.Pattern(100_000, 1)
	uvtest.Must(c.Write(want))
	c.Close()
	onLoop(t, sc, func() {
		if len(got) != 0 {
			t.Error("a paused connection is read")
		}
		sc.Resume()
	})
	if err := <-ended; err != io.EOF || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, then %v; want %d, then EOF", len(got), err, len(want))
	}
}

// testReplacedPathKept has somebody else bind the path while a server, or one
// whose Listen fails later, has it.
func testReplacedPathKept(t *testing.T, park uvgo.Option) {
	path := uvtest.SocketPath(t)
	s := &server.Server{Handler: &kit.Handler{}, Loops: 2, Options: []uvgo.Option{park}}
	stop := kit.Serve(s, "unix://"+path)
	greet := func() {
		c := kit.Dial(t, s.Addrs()[0])
		uvtest.Check(t, kit.EchoesBack(c, "mine"))
		c.Close()
	}
	greet()
	uvtest.Check(t, os.Remove(path))
	other := uvtest.Must(net.Listen("unix", path))
	defer other.Close()
	for range 2 {
		client := uvtest.Must(net.Dial("unix", path))
		accepted := uvtest.Must(other.Accept())
		uvtest.Must(client.Write([]byte("x")))
		uvtest.Must(io.ReadFull(accepted, make([]byte, 1)))
		client.Close()
		accepted.Close()
		stop()
		stop = func() {}
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		t.Errorf("the other's socket: %v, %v", info, err)
	}

	// What is not a socket any more is not the server's either.
	mine := uvtest.SocketPath(t)
	s = &server.Server{Handler: &kit.Handler{}, Loops: 1, Options: []uvgo.Option{park}}
	stop = kit.Serve(s, "unix://"+mine)
	greet()
	uvtest.Check(t, os.Remove(mine))
	uvtest.Check(t, os.WriteFile(mine, []byte("precious"), 0o600))
	stop()
	if text, err := os.ReadFile(mine); string(text) != "precious" {
		t.Errorf("the file has become %q, %v", text, err)
	}

	// The handle alone does as libuv does: it removes the path that it bound.
	l := looptest.New(t, park)
	p := uvtest.Must(l.NewPipe())
	third := uvtest.SocketPath(t)
	uvtest.Check(t, p.Bind(third))
	uvtest.Check(t, p.Listen(1, func(*handles.Pipe, error) {}))
	uvtest.CloseAll(t, p)
	looptest.Run(t, l)
	if _, err := os.Lstat(third); !os.IsNotExist(err) {
		t.Errorf("a closed pipe's path: %v", err)
	}
}
