package tests

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
	"github.com/uvgo/uvgo/uv"
)

func init() {
	uvloopTests.add(suite{
		"adopt_wrong_type":    onEachLoop(testAdoptWrongType),
		"adopt_accepted":      onEachLoop(testAdoptAccepted),
		"fd_in_use_by_stream": onEachLoop(testFDInUseByStream),
	})
}

func testAdoptWrongType(t *testing.T, l *uvgo.Loop) {
	var mine []int
	socket := func(family, kind int) int {
		fd := must(unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0))
		mine = append(mine, fd)
		return fd
	}
	file := must(os.Create(filepath.Join(t.TempDir(), "file")))
	defer file.Close()
	dir := must(os.Open(t.TempDir()))
	defer dir.Close()
	closed := must(unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 900)) // a number that nobody takes soon
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
		tcp, pipe := newTCP(t, l), must(l.NewPipe())
		isErr(t, tt.name+" as TCP", tcp.Open(uintptr(tt.fd)), tt.tcp)
		isErr(t, tt.name+" as pipe", pipe.Open(uintptr(tt.fd)), tt.pipe)
		closeAll(t, tcp, pipe)
		looptest.Run(t, l)
		if tt.tcp != uv.EBADF {
			if _, err := unix.FcntlInt(uintptr(tt.fd), unix.F_GETFD, 0); err != nil {
				t.Errorf("%s: the caller's descriptor is gone: %v", tt.name, err)
			}
		}
	}
	for _, fd := range mine {
		check(t, unix.Close(fd))
	}
	if n := uvtest.FDs(); n != before {
		t.Errorf("%d descriptors, %d before", n, before)
	}
}

func testAdoptAccepted(t *testing.T, l *uvgo.Loop) {
	fds := sparedFDs(t, l)
	ln := must(net.Listen("tcp", anyPort.String()))
	client := must(net.Dial("tcp", ln.Addr().String()))
	accepted := must(ln.Accept())
	c := newTCP(t, l)
	check(t, must(accepted.(*net.TCPConn).SyscallConn()).Control(func(fd uintptr) {
		check(t, c.Open(fd))
		isErr(t, "a second Open", c.Open(fd), uv.EBUSY)
	}))
	check(t, accepted.Close()) // the handle has a descriptor of its own
	if a := must(c.RemoteAddr()); a.String() != client.LocalAddr().String() {
		t.Errorf("the peer is %v, want %v", a, client.LocalAddr())
	}
	tcpEcho(t, c)
	gone := uvtest.NewCounter(t, "close callback", 1)
	c.OnClose(gone.Inc)
	answered := make(chan error)
	go func() {
		err := echoesBack(client, "adopted")
		client.Close()
		answered <- err
	}()
	looptest.Run(t, l)
	check(t, <-answered)
	ln.Close()
	if n := uvtest.FDs(); n != fds {
		t.Errorf("%d descriptors, %d before", n, fds)
	}
}

func testFDInUseByStream(t *testing.T, l *uvgo.Loop) {
	a, b := tcpPair(t, l)
	tcpEcho(t, b)
	fd := must(a.FD())
	poll := func() error {
		p, err := handles.NewPoll(l, uintptr(fd))
		if err == nil {
			p.Close()
		}
		return err
	}
	// libuv knows of a stream's descriptor while it watches it.
	var got []byte
	check(t, a.ReadStart(func(p []byte, err error) { got = append(got, p...) }))
	turnNoWait(t, l)
	isErr(t, "polling the descriptor of a stream", poll(), uv.EEXIST)
	must(a.Write([]byte("undisturbed")))
	turnUntil(t, l, func() bool { return len(got) == len("undisturbed") })
	isErr(t, "polling it again", poll(), uv.EEXIST)
	closeAll(t, a)
	turnUntil(t, l, func() bool { return b.Closing() })
	looptest.Run(t, l)

	// The number is free for others once the stream is gone.
	var pipe [2]int
	check(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	p := must(handles.NewPoll(l, uintptr(pipe[0])))
	readable := uvtest.NewCounter(t, "poll callback", 1)
	check(t, p.Start(handles.Readable, func(ev handles.PollEvent, err error) {
		readable.Inc()
		check(t, err)
		closeAll(t, p)
	}))
	must(unix.Write(pipe[1], []byte("x")))
	looptest.Run(t, l)
}
