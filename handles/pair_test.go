package handles_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// nonblocking tells whether a descriptor is non-blocking, and checks that no child
// inherits it.
func nonblocking(t testing.TB, f *os.File) (on bool) {
	t.Helper()
	raw := uvtest.Must(f.SyscallConn())
	uvtest.Check(t, raw.Control(func(fd uintptr) {
		on = uvtest.Must(unix.FcntlInt(fd, unix.F_GETFL, 0))&unix.O_NONBLOCK != 0
		if uvtest.Must(unix.FcntlInt(fd, unix.F_GETFD, 0))&unix.FD_CLOEXEC == 0 {
			t.Error("children inherit an end")
		}
	}))
	return on
}

// TestPairModes: each end has the mode of the options, and the ends are connected.
func TestPairModes(t *testing.T) {
	for name, pair := range map[string]func(...handles.PairOption) (*os.File, *os.File, error){
		"pipe": handles.PipePair,
		"socket": func(o ...handles.PairOption) (*os.File, *os.File, error) {
			return handles.SocketPair(unix.SOCK_STREAM, 0, o...)
		},
		"packet": func(o ...handles.PairOption) (*os.File, *os.File, error) {
			return handles.SocketPair(unix.SOCK_SEQPACKET, 0, o...)
		},
	} {
		for i, opts := range [][]handles.PairOption{nil, {handles.NonblockFirst}, {handles.NonblockSecond}, {handles.NonblockFirst, handles.NonblockSecond}} {
			r, w, err := pair(opts...)
			uvtest.Check(t, err)
			if got, want := fmt.Sprint(nonblocking(t, r), nonblocking(t, w)), fmt.Sprint(i&1 != 0, i&2 != 0); got != want {
				t.Errorf("%s with %v: non-blocking %s, want %s", name, opts, got, want)
			}
			uvtest.Must(w.WriteString("through"))
			buf := make([]byte, 10)
			if n := uvtest.Must(r.Read(buf)); string(buf[:n]) != "through" {
				t.Errorf("%s: got %q", name, buf[:n])
			}
			uvtest.CloseAll(t, r, w)
		}
	}
	_, _, err := handles.SocketPair(unix.SOCK_STREAM, 12345)
	uvtest.IsErr(t, "an unknown protocol", err, unix.EPROTONOSUPPORT)
}

// TestPipeOpensEndsOfAPipe: one end can be read and one written, and other calls fail
// at once.
func TestPipeOpensEndsOfAPipe(t *testing.T) {
	l := looptest.New(t)
	r, w, err := handles.PipePair(handles.NonblockFirst, handles.NonblockSecond)
	uvtest.Check(t, err)
	in, out := uvtest.Must(l.NewPipe()), uvtest.Must(l.NewPipe())
	uvtest.Check(t, in.Open(r.Fd()))
	uvtest.Check(t, out.Open(w.Fd()))
	uvtest.IsErr(t, "a second descriptor", in.Open(w.Fd()), uv.EBUSY)
	uvtest.CloseAll(t, r, w)
	if !in.Readable() || in.Writable() || out.Readable() || !out.Writable() {
		t.Error("the ends are mixed up")
	}
	_, err = in.Write([]byte("x"))
	uvtest.IsErr(t, "writing to the reading end", err, unix.EPIPE)
	uvtest.IsErr(t, "reading from the writing end", out.ReadStart(func([]byte, error) {}), unix.ENOTCONN)
	uvtest.Must(out.Write([]byte("through")))
	uvtest.CloseAll(t, out)
	var got []string
	uvtest.Check(t, in.ReadStart(func(p []byte, err error) {
		if got = append(got, fmt.Sprint(string(p), err)); err != nil {
			in.Close()
		}
	}))
	looptest.Run(t, l)
	if fmt.Sprint(got) != "[through <nil> EOF]" && fmt.Sprint(got) != "[through<nil> EOF]" {
		t.Errorf("got %v", got)
	}
}

// TestStreamBlocking: in blocking mode TryWrite never returns EAGAIN, however slow the
// reader is.
func TestStreamBlocking(t *testing.T) {
	l := looptest.New(t)
	r, w, err := handles.PipePair()
	uvtest.Check(t, err)
	p := uvtest.Must(l.NewPipe())
	uvtest.IsErr(t, "without a descriptor", p.SetBlocking(true), uv.EBADF)
	uvtest.Check(t, p.Open(w.Fd()))
	uvtest.CloseAll(t, w)
	uvtest.Check(t, p.SetBlocking(true))
	const size = 4 << 20
	got := make(chan int)
	go func() {
		n, buf := 0, make([]byte, 1<<16)
		for n < size {
			m, err := r.Read(buf)
			if err != nil {
				break
			}
			n += m
			runtime.Gosched()
		}
		got <- n
	}()
	for left := make([]byte, size); len(left) > 0; { // a signal cuts a write short
		left = left[uvtest.Must(p.TryWrite(left)):]
	}
	if n := <-got; n != size {
		t.Errorf("%d of %d bytes arrived", n, size)
	}
	uvtest.Check(t, p.SetBlocking(false))
	if n, _ := p.TryWrite(make([]byte, size)); n >= size {
		t.Error("a pipe that nobody reads took everything")
	}
	uvtest.CloseAll(t, p, r)
	uvtest.IsErr(t, "closed", p.SetBlocking(true), uv.ErrClosed)
	looptest.Run(t, l)
}

// TestPipeNames: paths and abstract names up to the system's limit, and the names that
// both ends return.
func TestPipeNames(t *testing.T) {
	l := looptest.New(t)
	const limit = len(unix.RawSockaddrUnix{}.Path)
	dir := uvtest.SocketPath(t)
	uvtest.Check(t, os.Mkdir(dir, 0o700))
	abstract := fmt.Sprintf("\x00uvgo %d ", os.Getpid())
	names := []string{dir + "/" + strings.Repeat("x", limit-2-len(dir))}
	if runtime.GOOS == "linux" {
		names = append(names, abstract, abstract+strings.Repeat("y", limit-len(abstract)))
	} else {
		p := uvtest.Must(l.NewPipe())
		uvtest.IsErr(t, "an abstract name", p.Bind(abstract), uv.ENOTSUP)
		uvtest.CloseAll(t, p)
	}
	for _, name := range names {
		s, c := uvtest.Must(l.NewPipe()), uvtest.Must(l.NewPipe())
		uvtest.Check(t, s.Bind(name))
		uvtest.Check(t, s.Listen(1, func(peer *handles.Pipe, err error) {
			uvtest.Check(t, err)
			if got := uvtest.Must(peer.LocalName()); got != name {
				t.Errorf("the connection is at %q, not %q", got, name)
			}
			if got := uvtest.Must(peer.RemoteName()); got != "" {
				t.Errorf("its peer is called %q", got)
			}
			uvtest.CloseAll(t, peer)
		}))
		if got := uvtest.Must(s.LocalName()); got != name {
			t.Errorf("the listener is at %q, not %q", got, name)
		}
		other := uvtest.Must(l.NewPipe())
		uvtest.IsErr(t, "a name in use", other.Bind(name), uv.EADDRINUSE)
		uvtest.Check(t, c.Connect(name, func(err error) {
			uvtest.Check(t, err)
			if got := uvtest.Must(c.RemoteName()); got != name {
				t.Errorf("the peer is at %q, not %q", got, name)
			}
			uvtest.CloseAll(t, c, s, other)
		}))
		looptest.Run(t, l)
		if name[0] != 0 {
			if _, err := os.Stat(name); !os.IsNotExist(err) {
				t.Errorf("the path outlives its listener: %v", err)
			}
		}
	}
	p := uvtest.Must(l.NewPipe())
	for _, name := range []string{strings.Repeat("x", limit), strings.Repeat("x", 4096)} {
		uvtest.IsErr(t, "a long path", p.Bind(name), uv.ENAMETOOLONG)
		uvtest.IsErr(t, "a long path", p.Connect(name, func(error) {}), uv.ENAMETOOLONG)
	}
	if runtime.GOOS == "linux" {
		uvtest.IsErr(t, "a long name", p.Bind("\x00"+strings.Repeat("x", limit)), uv.ENAMETOOLONG)
	}
	for _, name := range []string{"", "a\x00b", "\x00a\x00"} {
		uvtest.IsErr(t, "a bad name", p.Bind(name), uv.EINVAL)
		uvtest.IsErr(t, "a bad name", p.Connect(name, func(error) {}), uv.EINVAL)
	}
	uvtest.CloseAll(t, p)
	looptest.Run(t, l)
}

// TestPipeChmod: the path gets the permissions of the mode, and keeps its others with a libuv
// before 1.51.
func TestPipeChmod(t *testing.T) {
	l := looptest.New(t)
	path := uvtest.SocketPath(t)
	p := uvtest.Must(l.NewPipe())
	uvtest.IsErr(t, "before Bind", p.Chmod(handles.PipeReadable), uv.EBADF)
	uvtest.Check(t, p.Bind(path))
	uvtest.Check(t, os.Chmod(path, 0o700))
	for _, c := range []struct {
		mode handles.PipeMode
		want os.FileMode
	}{{handles.PipeReadable, 0o744}, {handles.PipeWritable, 0o766}, {handles.PipeReadable | handles.PipeWritable, 0o766}} {
		uvtest.Check(t, p.Chmod(c.mode))
		if cuv.VersionHex() >= 0x013300 {
			c.want = map[handles.PipeMode]os.FileMode{handles.PipeReadable: 0o444, handles.PipeWritable: 0o222,
				handles.PipeReadable | handles.PipeWritable: 0o666}[c.mode]
		}
		if got := uvtest.Must(os.Stat(path)).Mode().Perm(); got != c.want {
			t.Errorf("mode %d makes %o, want %o", c.mode, got, c.want)
		}
	}
	for _, mode := range []handles.PipeMode{0, 4, 12345678, -1} {
		uvtest.IsErr(t, "another mode", p.Chmod(mode), uv.EINVAL)
	}
	uvtest.CloseAll(t, p)
	uvtest.IsErr(t, "closed", p.Chmod(handles.PipeReadable), uv.ErrClosed)
	looptest.Run(t, l)
	if runtime.GOOS == "linux" {
		p := uvtest.Must(l.NewPipe())
		uvtest.Check(t, p.Bind(fmt.Sprintf("\x00uvgo chmod %d", os.Getpid())))
		uvtest.IsErr(t, "an abstract name", p.Chmod(handles.PipeWritable), os.ErrNotExist)
		uvtest.CloseAll(t, p)
		looptest.Run(t, l)
	}
}

// TestTCPSockets: a handle made WithSocket has a descriptor at once, of that family
// only.
func TestTCPSockets(t *testing.T) {
	l := looptest.New(t)
	for opt, family := range map[handles.TCPOption]int{handles.WithSocket(handles.IPv4): unix.AF_INET, handles.WithSocket(handles.IPv6): unix.AF_INET6} {
		h := uvtest.Must(l.NewTCP(opt))
		if got := uvtest.Must(unix.GetsockoptInt(uvtest.Must(h.FD()), unix.SOL_SOCKET, unix.SO_DOMAIN)); got != family {
			t.Errorf("a socket of family %d, want %d", got, family)
		}
		uvtest.IsErr(t, "a second socket", h.Open(uintptr(uvtest.Must(h.FD()))), uv.EBUSY)
		_, err := h.Write([]byte("x"))
		uvtest.IsErr(t, "writing before Connect", err, unix.EPIPE)
		if family == unix.AF_INET {
			uvtest.Check(t, h.Bind(looptest.Loopback))
		}
		uvtest.CloseAll(t, h)
	}
	none := uvtest.Must(l.NewTCP())
	_, err := none.FD()
	uvtest.IsErr(t, "without an option", err, uv.EBADF)
	uvtest.CloseAll(t, none)
	_, err = l.NewTCP(handles.WithSocket(5))
	uvtest.IsErr(t, "another family", err, uv.EINVAL)
	_, err = l.NewTCP(nil)
	uvtest.IsErr(t, "a nil option", err, uv.EINVAL)
	looptest.Run(t, l)
}

// TestTCPKeepAlive compares what was set with the kernel's options.
func TestTCPKeepAlive(t *testing.T) {
	l := looptest.New(t)
	h := uvtest.Must(l.NewTCP(handles.WithSocket(handles.IPv4)))
	fd := uvtest.Must(h.FD())
	on := func() int { return uvtest.Must(unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE)) }
	idle := func() int { return uvtest.Must(unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)) }
	uvtest.Check(t, h.SetKeepAlive(2500*time.Millisecond))
	if on() == 0 || idle() != 3 {
		t.Errorf("keep-alive %d after %d s", on(), idle())
	}
	uvtest.Check(t, h.SetKeepAlive(0))
	if on() != 0 {
		t.Error("keep-alive is on still")
	}
	uvtest.IsErr(t, "longer than the kernel can", h.SetKeepAlive(1e6*time.Second), uv.EINVAL)
	err := h.SetKeepAliveTimes(4*time.Second, 2*time.Second, 5)
	if err == nil { // libuv 1.52 or newer
		n := uvtest.Must(unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT))
		every := uvtest.Must(unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL))
		if on() == 0 || idle() != 4 || every != 2 || n != 5 {
			t.Errorf("keep-alive %d after %d s, every %d s, %d times", on(), idle(), every, n)
		}
	} else {
		uvtest.IsErr(t, "all times", err, uv.ENOTSUP)
	}
	uvtest.IsErr(t, "no time", h.SetKeepAliveTimes(0, time.Second, 1), uv.EINVAL)
	uvtest.CloseAll(t, h)
	uvtest.IsErr(t, "closed", h.SetKeepAliveTimes(time.Second, time.Second, 1), uv.ErrClosed)
	looptest.Run(t, l)
}

// TestTCPDualStack: a socket bound to the unspecified address of IPv6 accepts IPv4,
// too, unless IPv6Only is set.
func TestTCPDualStack(t *testing.T) {
	l := looptest.New(t)
	for _, opts := range [][]handles.BindOption{nil, {handles.IPv6Only}} {
		s, c := uvtest.Must(l.NewTCP()), uvtest.Must(l.NewTCP())
		if err := s.Bind(netip.MustParseAddrPort("[::]:0"), opts...); errors.Is(err, unix.EAFNOSUPPORT) {
			uvtest.CloseAll(t, s, c)
			looptest.Run(t, l)
			t.Skip("this system has no IPv6")
		} else {
			uvtest.Check(t, err)
		}
		uvtest.Check(t, s.Listen(1, func(peer *handles.TCP, err error) {
			uvtest.Check(t, err)
			if from := uvtest.Must(peer.RemoteAddr()).Addr(); !from.Unmap().Is4() {
				t.Errorf("the peer is at %v", from)
			}
			uvtest.CloseAll(t, peer)
		}))
		to := netip.AddrPortFrom(looptest.Loopback.Addr(), uvtest.Must(s.LocalAddr()).Port())
		uvtest.Check(t, c.Connect(to, func(err error) {
			if opts == nil {
				uvtest.Check(t, err)
			} else {
				uvtest.IsErr(t, "IPv4 to IPv6 only", err, unix.ECONNREFUSED)
				uvtest.CloseAll(t, s)
			}
		}))
		if opts == nil {
			uvtest.Check(t, c.ReadStart(func([]byte, error) { uvtest.CloseAll(t, c, s) })) // the peer has closed it
		}
		looptest.Run(t, l)
		uvtest.CloseAll(t, c)
		looptest.Run(t, l)
	}
	v4 := uvtest.Must(l.NewTCP())
	uvtest.IsErr(t, "IPv6Only for IPv4", v4.Bind(looptest.Loopback, handles.IPv6Only), uv.EINVAL)
	uvtest.CloseAll(t, v4)
	looptest.Run(t, l)
}
