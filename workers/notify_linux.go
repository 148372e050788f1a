package workers

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/handles"
)

// A notifier is the socket to which workers send their states by the protocol of sd_notify. It has an abstract name, so it needs
// no directory. The kernel says who has sent a datagram.
type notifier struct {
	run     *run
	fd      int
	address string // as in NOTIFY_SOCKET
	poll    *handles.Poll
	buf     []byte
}

// newNotifier makes the socket, or goes on with that of the program before.
func (r *run) newNotifier(before *legacy) (*notifier, error) {
	n := &notifier{run: r, fd: -1, buf: make([]byte, 64<<10)}
	if before != nil {
		n.fd, n.address = before.Notify, before.NotifyName
		unix.CloseOnExec(n.fd)
	} else {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return nil, err
		}
		n.fd, n.address = fd, fmt.Sprintf("@uvgo-workers-%d-%s", os.Getpid(), rand.Text()[:8])
		if err := unix.Bind(fd, &unix.SockaddrUnix{Name: n.address}); err != nil {
			n.close()
			return nil, err
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
			n.close()
			return nil, err
		}
	}
	var err error
	if n.poll, err = r.loop.NewPoll(uintptr(n.fd)); err == nil {
		err = n.poll.Start(handles.Readable, func(handles.PollEvent, error) { n.receive() })
	}
	if err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// name is the value of NOTIFY_SOCKET.
func (n *notifier) name() string {
	if n == nil {
		return ""
	}
	return n.address
}

// maxDatagrams is how many are read before the loop does other things: a worker that sends without end must not hold it up.
const maxDatagrams = 64

// receive reads datagrams that wait. The poll handle calls it again for those that still do.
func (n *notifier) receive() {
	oob := make([]byte, 1024)
	for range maxDatagrams {
		size, oobn, flags, _, err := unix.Recvmsg(n.fd, n.buf, oob, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		pid := sender(oob[:oobn])
		if w := n.run.workerOf(pid); w != nil && flags&unix.MSG_TRUNC == 0 {
			w.says(n.buf[:size])
		}
	}
}

// sender returns the process that has sent a datagram, 0 if that is not known. It closes descriptors that came with it: a sender
// waits for that (sd_notify_barrier).
func sender(oob []byte) (pid int) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0
	}
	for i := range messages {
		if c, err := unix.ParseUnixCredentials(&messages[i]); err == nil {
			pid = int(c.Pid)
		}
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil {
			for _, fd := range fds {
				_ = unix.Close(fd)
			}
		}
	}
	return pid
}

// workerOf returns the worker whose process group a process is in, nil for another's.
func (r *run) workerOf(pid int) *worker {
	if pid <= 0 {
		return nil
	}
	if w := r.living[pid]; w != nil {
		return w
	}
	group, err := unix.Getpgid(pid)
	if err != nil {
		return nil
	}
	return r.living[group]
}

// maxMessage is how many bytes of a worker's message are kept.
const maxMessage = 1 << 10

// says handles what a worker has sent.
func (w *worker) says(text []byte) {
	w.wantsReady = true
	for line := range bytes.Lines(text) {
		name, value, _ := bytes.Cut(bytes.TrimRight(line, "\n"), []byte("="))
		switch string(name) {
		case "READY":
			if string(value) == "1" {
				w.becomeReady()
			}
		case "STATUS":
			w.message = string(value[:min(len(value), maxMessage)])
		}
	}
}

// close closes the socket.
func (n *notifier) close() {
	if n == nil || n.fd < 0 {
		return
	}
	if n.poll != nil {
		_ = n.poll.Close() // the loop has closed it
	}
	_ = unix.Close(n.fd)
	n.fd = -1
}
