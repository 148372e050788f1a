package uvnet

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// unixMethods are those of a unix datagram socket beyond net.PacketConn.
type unixMethods interface {
	net.PacketConn
	net.Conn
	ReadFromUnix(p []byte) (int, *net.UnixAddr, error)
	ReadMsgUnix(p, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error)
	WriteToUnix(p []byte, addr *net.UnixAddr) (int, error)
	WriteMsgUnix(p, oob []byte, addr *net.UnixAddr) (n, oobn int, err error)
	File() (*os.File, error)
}

// TestUnixgram sends datagrams by every method, rightly and wrongly, with both
// packages, and compares what becomes of it.
func TestUnixgram(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	type outcome struct {
		N, OOB, Flags int
		From          string
		Err           shape
	}
	var got [2][]outcome
	for i, w := range worlds {
		t.Chdir(t.TempDir())
		p, err := w.packet("unixgram", "server")
		uvtest.Check(t, err)
		s := p.(unixMethods)
		q, err := w.packet("unixgram", "other")
		uvtest.Check(t, err)
		other := q.(unixMethods)
		cc, err := w.dial("unixgram", "server")
		uvtest.Check(t, err)
		c := cc.(unixMethods)
		to := &net.UnixAddr{Name: "server", Net: "unixgram"}
		note := func(n, oobn, flags int, from net.Addr, err error) {
			o := outcome{N: n, OOB: oobn, Flags: flags, Err: shapeOf(err)}
			if u, ok := from.(*net.UnixAddr); ok && u != nil {
				o.From = u.Net + " " + u.Name
			}
			got[i] = append(got[i], o)
		}
		recv := func() {
			for range 3 {
				n, from, err := s.ReadFrom(make([]byte, 9))
				note(n, 0, 0, from, err)
				n, u, err := s.ReadFromUnix(make([]byte, 9))
				note(n, 0, 0, u, err)
				n, oobn, flags, u, err := s.ReadMsgUnix(make([]byte, 2), make([]byte, 64))
				note(n, oobn, flags, u, err)
			}
		}
		for range 3 {
			n, err := other.WriteTo([]byte("one"), to)
			note(n, 0, 0, nil, err)
			n, oobn, err := other.WriteMsgUnix([]byte("three"), nil, to)
			note(n, oobn, 0, nil, err)
			n, err = c.Write([]byte("fo"))
			note(n, 0, 0, nil, err)
		}
		recv()
		for _, addr := range []*net.UnixAddr{nil, to, {Name: "server", Net: "unix"}, {Name: "none", Net: "unixgram"}} {
			for _, from := range []unixMethods{other, c} {
				if n, err := from.WriteToUnix([]byte("x"), addr); err != nil {
					note(n, 0, 0, nil, err)
				}
				if n, oobn, err := from.WriteMsgUnix([]byte("x"), nil, addr); err != nil {
					note(n, oobn, 0, nil, err)
				}
			}
		}
		_, err = other.WriteTo([]byte("x"), &net.UDPAddr{})
		note(0, 0, 0, nil, err)
		_, err = w.dial("unixgram", "none")
		note(0, 0, 0, nil, err)
		_, err = w.packet("unixgram", "server")
		note(0, 0, 0, nil, err)
		note(0, 0, 0, s.LocalAddr(), nil)
		note(0, 0, 0, c.LocalAddr(), nil)
		note(0, 0, 0, c.RemoteAddr(), nil)
		uvtest.Check(t, s.SetReadDeadline(time.Unix(1, 0)))
		_, _, err = s.ReadFrom(nil)
		note(0, 0, 0, nil, err)
		for _, c := range []unixMethods{s, other, c} {
			uvtest.Check(t, c.Close())
			_, err = c.Write([]byte("x"))
			note(0, 0, 0, nil, err)
			note(0, 0, 0, nil, c.Close())
		}
	}
	if diff := cmp.Diff(got[1], got[0]); diff != "" {
		t.Errorf("(-net +uvnet)\n%s", diff)
	}
}

// TestUnixgramPassesDescriptors: a descriptor arrives, and closes on exec.
func TestUnixgramPassesDescriptors(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	p, err := ListenPacket("unixgram", filepath.Join(t.TempDir(), "s"))
	uvtest.Check(t, err)
	defer p.Close()
	u := p.(*UnixgramConn)
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	defer r.Close()
	_, _, err = u.WriteMsgUnix([]byte("x"), unix.UnixRights(int(w.Fd())), u.LocalAddr().(*net.UnixAddr))
	uvtest.Check(t, err)
	w.Close()
	oob := make([]byte, 64)
	_, n, _, _, err := u.ReadMsgUnix(make([]byte, 9), oob)
	uvtest.Check(t, err)
	msgs, err := unix.ParseSocketControlMessage(oob[:n])
	uvtest.Check(t, err)
	fds, err := unix.ParseUnixRights(&msgs[0])
	uvtest.Check(t, err)
	if flags, err := unix.FcntlInt(uintptr(fds[0]), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
	got := os.NewFile(uintptr(fds[0]), "passed")
	_, err = got.WriteString("y")
	uvtest.Check(t, err)
	got.Close()
	if b := make([]byte, 2); !readsByte(r, b) || b[0] != 'y' {
		t.Errorf("read %q", b)
	}
}

func readsByte(r *os.File, b []byte) bool { n, err := r.Read(b); return n == 1 && err == nil }

// TestUnixgramWaits: a receiver waits for its packet, a sender until the kernel accepts its own, and
// Close ends either.
func TestUnixgramWaits(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	p, err := ListenPacket("unixgram", filepath.Join(t.TempDir(), "s"))
	uvtest.Check(t, err)
	c, err := Dial("unixgram", p.LocalAddr().String())
	uvtest.Check(t, err)
	got := make(chan error, 1)
	for range 50 {
		go func() { _, _, err := p.ReadFrom(make([]byte, 9)); got <- err }()
		uvtest.Check(t, write(c))
		uvtest.Check(t, <-got)
	}
	go func() { // fills the receiver's queue
		for {
			if err := write(c); err != nil {
				got <- err
				return
			}
		}
	}()
	for range 1000 {
		if _, _, err := p.ReadFrom(make([]byte, 9)); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	if err := <-got; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	p.Close()
}

// TestUnixgramFiles: copies of a socket by its file.
func TestUnixgramFiles(t *testing.T) {
	p, err := ListenPacket("unixgram", filepath.Join(t.TempDir(), "s"))
	uvtest.Check(t, err)
	defer p.Close()
	f, err := p.(*UnixgramConn).File()
	uvtest.Check(t, err)
	defer f.Close()
	q, err := FilePacketConn(f)
	uvtest.Check(t, err)
	defer q.Close()
	c, err := FileConn(f)
	uvtest.Check(t, err)
	defer c.Close()
	for _, end := range []net.PacketConn{q, c.(net.PacketConn), p} {
		_, err := end.WriteTo([]byte("x"), p.LocalAddr())
		uvtest.Check(t, err)
		if n, _, err := q.ReadFrom(make([]byte, 9)); n != 1 || err != nil {
			t.Error(n, err)
		}
	}
}

// TestPacketConnOfStream: like package net, ListenPacket makes a listening stream
// socket for network unix, from which nothing can be received.
func TestPacketConnOfStream(t *testing.T) {
	compare(t, func(w world) error {
		p, err := w.packet("unix", filepath.Join(t.TempDir(), "s"))
		uvtest.Check(t, err)
		defer p.Close()
		c, err := net.Dial("unix", p.LocalAddr().String())
		uvtest.Check(t, err)
		c.Close()
		_, _, err = p.ReadFrom(make([]byte, 9))
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: %v", w.name, err)
		}
		return err
	})
}
