package uvnet

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestUnixRightsArrive: descriptors that come with bytes of a unix connection reach
// who asks for them, by ReadMsgUnix or a RawConn, whatever was read before.
func TestUnixRightsArrive(t *testing.T) {
	for name, read := range map[string]func(c *UnixConn, p, oob []byte) (n, oobn int, err error){
		"ReadMsgUnix": func(c *UnixConn, p, oob []byte) (n, oobn int, err error) {
			n, oobn, _, _, err = c.ReadMsgUnix(p, oob)
			return n, oobn, err
		},
		"RawConn": func(c *UnixConn, p, oob []byte) (n, oobn int, err error) {
			raw, rerr := c.SyscallConn()
			uvtest.Check(t, rerr)
			rerr = raw.Read(func(fd uintptr) bool {
				n, oobn, _, _, err = unix.Recvmsg(int(fd), p, oob, unix.MSG_CMSG_CLOEXEC)
				return err != unix.EAGAIN
			})
			return n, oobn, errors.Join(err, rerr)
		},
	} {
		t.Run(name, func(t *testing.T) {
			uvtest.Watchdog(t, minutes)
			s, d := connectPair(t, "unix", makers[0], makers[0])
			c, peer := s.(*UnixConn), d.(*UnixConn)
			defer c.Close()
			defer peer.Close()
			f, err := os.Open(os.DevNull)
			uvtest.Check(t, err)
			defer f.Close()
			header := make(chan error)
			b, oob := make([]byte, 6), make([]byte, 100)
			go func() { // waits first
				_, err := io.ReadFull(c, b)
				header <- err
			}()
			uvtest.Eventually(t, "Read to wait", func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				return c.poller != nil && c.poller.polls()
			})
			_, err = peer.Write([]byte("header"))
			uvtest.Check(t, err)
			n, oobn, err := peer.WriteMsgUnix([]byte("fd"), unix.UnixRights(int(f.Fd())), nil)
			if n != 2 || oobn == 0 || err != nil {
				t.Fatalf("wrote %d, %d, %v", n, oobn, err)
			}
			uvtest.Check(t, <-header)
			n, oobn, err = read(c, b, oob)
			if string(b[:n]) != "fd" || err != nil {
				t.Errorf("read %q, %v", b[:n], err)
			}
			messages, err := unix.ParseSocketControlMessage(oob[:oobn])
			uvtest.Check(t, err)
			if len(messages) != 1 {
				t.Fatalf("%d control messages, want 1", len(messages))
			}
			fds, err := unix.ParseUnixRights(&messages[0])
			uvtest.Check(t, err)
			id, err := identify(uintptr(fds[0]))
			want, _ := identify(f.Fd())
			if id != want || err != nil {
				t.Errorf("got %v, %v; want %v", id, err, want)
			}
			unix.Close(fds[0])
			uvtest.Check(t, peer.Close())
			if _, _, _, _, err := c.ReadMsgUnix(b, oob); !errors.Is(err, io.EOF) {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// TestUnixMessageCallsFailAsNets: the calls with an address, and after deadlines and
// Close.
func TestUnixMessageCallsFailAsNets(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	s, d := connectPair(t, "unix", makers[0], makers[1])
	defer s.Close()
	defer d.Close()
	type calls interface {
		net.Conn
		ReadMsgUnix(p, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error)
		WriteMsgUnix(p, oob []byte, addr *net.UnixAddr) (n, oobn int, err error)
		WriteToUnix(p []byte, addr *net.UnixAddr) (int, error)
	}
	shapes := func(c calls) (all []string) {
		add := func(err error) {
			op := err.(*net.OpError)
			all = append(all, op.Op+" "+op.Net+": "+op.Err.Error())
		}
		to := &net.UnixAddr{Name: "/nowhere", Net: "unix"}
		_, err := c.WriteToUnix([]byte("x"), to)
		add(err)
		_, _, err = c.WriteMsgUnix([]byte("x"), nil, to)
		add(err)
		_, _, err = c.WriteMsgUnix([]byte("x"), nil, &net.UnixAddr{Name: "/nowhere", Net: "unixgram"})
		add(err)
		uvtest.Check(t, c.SetDeadline(time.Unix(1, 0)))
		_, _, err = c.WriteMsgUnix([]byte("x"), nil, nil)
		add(err)
		_, _, _, _, err = c.ReadMsgUnix(make([]byte, 1), nil)
		add(err)
		uvtest.Check(t, c.Close())
		_, _, err = c.WriteMsgUnix([]byte("x"), nil, nil)
		add(err)
		_, _, _, _, err = c.ReadMsgUnix(make([]byte, 1), nil)
		add(err)
		return all
	}
	got, want := shapes(s.(calls)), shapes(d.(calls))
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
}
