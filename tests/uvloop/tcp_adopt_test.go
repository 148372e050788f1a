package uvloop

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	suite.Add(kit.Suite{
		"adopt_wrong_type":    kit.PerLoop(testAdoptWrongType),
		"adopt_accepted":      kit.PerLoop(testAdoptAccepted),
		"fd_in_use_by_stream": kit.PerLoop(testFDInUseByStream),
	})
}

func testAdoptWrongType(t *testing.T, l *uvgo.Loop) {
	var mine []int
	socket := func(family, kind int) int {
		fd := uvtest.Must(unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0))
		mine = append(mine, fd)
		return fd
	}
	file := uvtest.Must(os.Create(filepath.Join(t.TempDir(), "file")))
	defer file.Close()
	dir := uvtest.Must(os.Open(t.TempDir()))
	defer dir.Close()
	closed := uvtest.Must(unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 900)) // a number that nobody takes soon
	unix.Close(closed)
	before := sparedFDs(t, l)
	for _, tt := range []struct {
		name      string
		fd        int
		tcp, pipe error
	}{
		{"UDP socket", socket(unix.AF_INET, unix.SOCK_DGRAM), uv.EINVAL, uv.EINVAL},
		{"TCP socket", socket(unix.AF_INET, unix.SOCK_STREAM), nil, uv.EINVAL},
		{"IPv6 TCP socket", socket(unix.AF_INET6, unix.SOCK_STREAM), nil, uv.EINVAL},
		{"unix stream socket", socket(unix.AF_UNIX, unix.SOCK_STREAM), uv.EINVAL, nil},
		{"unix datagram socket", socket(unix.AF_UNIX, unix.SOCK_DGRAM), uv.EINVAL, uv.EINVAL},
		{"unix packet socket", socket(unix.AF_UNIX, unix.SOCK_SEQPACKET), uv.EINVAL, uv.EINVAL},
		{"file", int(file.Fd()), uv.EINVAL, uv.EINVAL},
		{"directory", int(dir.Fd()), uv.EINVAL, uv.EINVAL},
		{"closed descriptor", closed, uv.EBADF, uv.EBADF},
		{"no descriptor", 1 << 20, uv.EBADF, uv.EBADF},
	} {
		tcp, pipe := kit.NewTCP(t, l), uvtest.Must(l.NewPipe())
		uvtest.IsErr(t, tt.name+" as TCP", tcp.Open(uintptr(tt.fd)), tt.tcp)
		uvtest.IsErr(t, tt.name+" as pipe", pipe.Open(uintptr(tt.fd)), tt.pipe)
		uvtest.CloseAll(t, tcp, pipe)
		looptest.Run(t, l)
		if tt.tcp != uv.EBADF {
			if _, err := unix.FcntlInt(uintptr(tt.fd), unix.F_GETFD, 0); err != nil {
				t.Errorf("%s: the caller's descriptor is gone: %v", tt.name, err)
			}
		}
	}
	for _, fd := range mine {
		uvtest.Check(t, unix.Close(fd))
	}
	if n := uvtest.FDs(); n != before {
		t.Errorf("%d descriptors, %d before", n, before)
	}
}

func testAdoptAccepted(t *testing.T, l *uvgo.Loop) {
	fds := sparedFDs(t, l)
	ln := uvtest.Must(net.Listen("tcp", looptest.Loopback.String()))
	client := uvtest.Must(net.Dial("tcp", ln.Addr().String()))
	accepted := uvtest.Must(ln.Accept())
	c := kit.NewTCP(t, l)
	uvtest.Check(t, uvtest.Must(accepted.(*net.TCPConn).SyscallConn()).Control(func(fd uintptr) {
		uvtest.Check(t, c.Open(fd))
		uvtest.IsErr(t, "a second Open", c.Open(fd), uv.EBUSY)
	}))
	uvtest.Check(t, accepted.Close()) // the handle has a descriptor of its own
	if a := uvtest.Must(c.RemoteAddr()); a.String() != client.LocalAddr().String() {
		t.Errorf("the peer is %v, want %v", a, client.LocalAddr())
	}
	kit.TCPEcho(t, c)
	gone := uvtest.NewCounter(t, "close callback", 1)
	c.OnClose(gone.Inc)
	answered := make(chan error)
	go func() {
		err := kit.EchoesBack(client, "adopted")
		client.Close()
		answered <- err
	}()
	looptest.Run(t, l)
	uvtest.Check(t, <-answered)
	ln.Close()
	if n := uvtest.FDs(); n != fds {
		t.Errorf("%d descriptors, %d before", n, fds)
	}
}

func testFDInUseByStream(t *testing.T, l *uvgo.Loop) {
	a, b := looptest.Pair(t, l)
	kit.TCPEcho(t, b)
	fd := uvtest.Must(a.FD())
	poll := func() error {
		p, err := handles.NewPoll(l, uintptr(fd))
		if err == nil {
			p.Close()
		}
		return err
	}
	// libuv knows of a stream's descriptor while it watches it.
	var got []byte
	uvtest.Check(t, a.ReadStart(func(p []byte, err error) { got = append(got, p...) }))
	looptest.TurnNoWait(t, l)
	uvtest.IsErr(t, "polling the descriptor of a stream", poll(), uv.EEXIST)
	uvtest.Must(a.Write([]byte("undisturbed")))
	looptest.Until(t, l, func() bool { return len(got) == len("undisturbed") })
	uvtest.IsErr(t, "polling it again", poll(), uv.EEXIST)
	uvtest.CloseAll(t, a)
	looptest.Until(t, l, func() bool { return b.Closing() })
	looptest.Run(t, l)

	// The number is free for others once the stream is gone.
	var pipe [2]int
	uvtest.Check(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	p := uvtest.Must(handles.NewPoll(l, uintptr(pipe[0])))
	readable := uvtest.NewCounter(t, "poll callback", 1)
	uvtest.Check(t, p.Start(handles.Readable, func(ev handles.PollEvent, err error) {
		readable.Inc()
		uvtest.Check(t, err)
		uvtest.CloseAll(t, p)
	}))
	uvtest.Must(unix.Write(pipe[1], []byte("x")))
	looptest.Run(t, l)
}
