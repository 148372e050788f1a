package uvnet

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// packetConn is what UDPConn and UnixgramConn have in common: goroutines make the
// system calls themselves, and wait until the loop tells them to try again.
type packetConn struct {
	poller
	rmu, wmu sync.Mutex
}

// receive runs a receiving call until it has a packet.
func (c *packetConn) receive(name string, call func() error) error {
	return c.attempt(&c.rmu, &c.rd, name, call)
}

// send runs a sending call until the kernel accepts the packet.
func (c *packetConn) send(name string, call func() error) error {
	return c.attempt(&c.wmu, &c.wr, name, call)
}

func (c *packetConn) attempt(mu *sync.Mutex, s *side, name string, call func() error) error {
	mu.Lock()
	defer mu.Unlock()
	if err := c.acquire(); err != nil {
		return err
	}
	defer c.release()
	if err := c.check(s); err != nil {
		return err
	}
	for {
		switch err := call(); err {
		case nil:
			return nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			if err := c.wait(s); err != nil {
				return err
			}
		default:
			return os.NewSyscallError(name, err)
		}
	}
}

// Read receives a packet. What does not fit into p is lost; for an empty p Read returns
// at once.
func (c *packetConn) Read(p []byte) (n int, err error) {
	if err := c.checkInit(); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		if c.ref.closed() {
			return 0, c.opError("read", c.laddr, c.raddr, net.ErrClosed)
		}
		return 0, nil
	}
	err = c.receive("read", func() (err error) {
		n, err = unix.Read(c.fd, p)
		return err
	})
	if err != nil {
		return 0, c.opError("read", c.laddr, c.raddr, err)
	}
	return n, nil
}

// Write sends a packet to the peer of a connected socket.
func (c *packetConn) Write(p []byte) (n int, err error) {
	err = c.send("write", func() (err error) {
		n, err = unix.Write(c.fd, p)
		return err
	})
	if err != nil {
		return 0, c.opError("write", c.laddr, c.raddr, err)
	}
	return n, nil
}

// LocalAddr returns the address of this end.
func (c *packetConn) LocalAddr() net.Addr { return c.laddr }

// RemoteAddr returns the peer of a connected socket, or nil.
func (c *packetConn) RemoteAddr() net.Addr { return c.raddr }

// SetDeadline sets the time after which receiving and sending fail.
func (c *packetConn) SetDeadline(t time.Time) error { return c.setDeadline(t, &c.rd, &c.wr) }

// SetReadDeadline is SetDeadline for receiving alone.
func (c *packetConn) SetReadDeadline(t time.Time) error { return c.setDeadline(t, &c.rd) }

// SetWriteDeadline is SetDeadline for sending alone.
func (c *packetConn) SetWriteDeadline(t time.Time) error { return c.setDeadline(t, &c.wr) }

// Close closes the socket and ends calls under way with net.ErrClosed; the
// address is free when it returns.
func (c *packetConn) Close() error {
	if err := c.checkInit(); err != nil {
		return err
	}
	if !c.closeAndWait() {
		return c.opError("close", c.laddr, c.raddr, net.ErrClosed)
	}
	return nil
}

// File returns a duplicate of the socket.
func (c *packetConn) File() (*os.File, error) { return c.file(c.laddr, c.raddr, nil) }

// SyscallConn gives access to the descriptor.
func (c *packetConn) SyscallConn() (syscall.RawConn, error) {
	if err := c.checkInit(); err != nil {
		return nil, err
	}
	return &rawPoller{&c.poller, &c.rmu, &c.wmu}, nil
}
