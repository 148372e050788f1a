package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/bench/internal/harness"
	"github.com/uvgo/uvgo/bench/internal/httpbench"
)

// A loop polls all connections.
type loop struct {
	options
	epoll int
	conns []conn
	buf   []byte
	took  []time.Duration // of the exchanges whose time counts
}

// A conn is a connection, with the exchange under way.
type conn struct {
	exchange
	some  untimed // nil: the time of all exchanges counts
	fd    int
	began time.Time
	ended time.Time // of the last exchange
}

// open makes the connections.
func open(kind func(fd, id int) (exchange, error), addr netip.AddrPort, o options) (l *loop, err error) {
	l = &loop{options: o, buf: make([]byte, 64<<10), conns: make([]conn, 0, o.conns)}
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	for id := range o.conns {
		fd, err := dial(addr, id)
		if err != nil {
			l.close()
			return nil, err
		}
		l.conns = append(l.conns, conn{fd: fd})
		c := &l.conns[id]
		if c.exchange, err = kind(fd, id); err == nil {
			err = unix.SetNonblock(fd, true)
		}
		c.some, _ = inner(c.exchange).(untimed)
		if err == nil {
			ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(id)}
			err = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &ev)
		}
		if err != nil {
			l.close()
			return nil, fmt.Errorf("connection %d: %w", id, err)
		}
	}
	return l, nil
}

// inner returns the exchange inside the TLS.
func inner(e exchange) exchange {
	if t, ok := e.(*sealed); ok {
		return t.exchange
	}
	return e
}

// close closes the connections, by resets.
func (l *loop) close() {
	for _, c := range l.conns {
		unix.Close(c.fd)
	}
	unix.Close(l.epoll)
}

// perSource is how many connections come from one address: many more, and the kernel's
// search for a free port grows slow.
const perSource = 4000

// dial connects a socket that blocks, but no longer than some seconds.
func dial(addr netip.AddrPort, id int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}), // a reset leaves no TIME_WAIT
	)
	// Reno costs a sender less CPU time than what a system may have as default.
	_ = unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
	if n := id / perSource; n > 0 && err == nil {
		err = errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1),
			unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(1 + n)}}))
	}
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())})
	}
	if err == nil {
		limit := unix.Timeval{Sec: 10}
		err = errors.Join(unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
			unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit))
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("connect %v: %w", addr, err)
	}
	return fd, nil
}

// send begins an exchange. A request is so small that the kernel takes it at once.
func (c *conn) send(now time.Time) error {
	p := c.request()
	c.began = now
	n, err := unix.Write(c.fd, p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// receive takes what has arrived; done if that completes an exchange.
func (c *conn) receive(buf []byte) (done bool, err error) {
	for {
		n, err := unix.Read(c.fd, buf)
		switch {
		case err == unix.EAGAIN:
			return done, nil
		case err == unix.EINTR:
			continue
		case err != nil:
			return false, os.NewSyscallError("read", err)
		case n == 0:
			return false, io.ErrUnexpectedEOF
		case done:
			return false, errors.New("bytes behind the reply")
		}
		if done, err = c.reply(buf[:n]); err != nil || n < len(buf) {
			return done, err
		}
	}
}

// poll handles what happens until the end, which next may change, and calls next for each exchange that is
// complete. Events that were fetched before the end are all handled.
func (l *loop) poll(end *time.Time, next func(c *conn, now time.Time) error) error {
	events := make([]unix.EpollEvent, 128)
	for now := time.Now(); now.Before(*end); {
		n, err := unix.EpollWait(l.epoll, events, int(end.Sub(now).Milliseconds())+1)
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("epoll_wait", err)
		}
		for _, ev := range events[:max(n, 0)] {
			c := &l.conns[ev.Fd]
			done, err := c.receive(l.buf)
			now = time.Now()
			if err == nil && done {
				err = next(c, now)
			}
			if err != nil {
				return fmt.Errorf("connection %d: %w", ev.Fd, err)
			}
		}
		if n <= 0 {
			now = time.Now()
		}
	}
	return nil
}

// once makes one exchange on each connection, one after the other.
func (l *loop) once() error {
	for i := range l.conns {
		c := &l.conns[i]
		done, end := false, time.Now().Add(10*time.Second)
		if err := c.send(time.Now()); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		for fds := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}; !done; {
			if time.Now().After(end) {
				return fmt.Errorf("connection %d: no reply", i)
			}
			_, err := unix.Poll(fds, 1000)
			if err == nil {
				done, err = c.receive(l.buf)
			}
			if err != nil && err != unix.EINTR {
				return fmt.Errorf("connection %d: %w", i, err)
			}
		}
	}
	return nil
}

// grace is how long the warm-up may last beyond its time, for each connection to have had a reply, and the window, for
// one exchange to be complete.
const grace = 3 * time.Second

// warm makes exchanges until the warm-up is over and each connection has had a reply.
func (l *loop) warm() error {
	over, served := time.Now().Add(l.warmup), 0
	end := over.Add(grace)
	err := l.poll(&end, func(c *conn, now time.Time) error {
		if c.ended.IsZero() {
			served++
		}
		if c.ended = now; served == len(l.conns) {
			end = over
		}
		return c.send(now)
	})
	for i := range l.conns {
		l.conns[i].ended = time.Time{}
	}
	return err
}

// measure is the closed loop: each connection makes an exchange when its last one is
// complete. Those that end in the window after the warm-up count.
func (l *loop) measure() (r result, err error) {
	for i := range l.conns {
		if err := l.conns[i].send(time.Now()); err != nil {
			return r, fmt.Errorf("connection %d: %w", i, err)
		}
	}
	if err := l.warm(); err != nil {
		return r, err
	}
	before, err := l.usage(true)
	if err != nil {
		return r, err
	}
	began := time.Now()
	end := began.Add(l.duration)
	l.took = make([]time.Duration, 0, 1<<20)
	exchanges := 0
	count := func(c *conn, now time.Time) error {
		exchanges++
		if c.some == nil || c.some.timed() {
			l.took = append(l.took, now.Sub(c.began))
		}
		c.ended = now
		return c.send(now)
	}
	if err = l.poll(&end, count); err != nil {
		return r, err
	}
	if exchanges == 0 { // a slow server, or a short window: the first exchange ends it
		end = time.Now().Add(grace)
		err = l.poll(&end, func(c *conn, now time.Time) error {
			end = now
			return count(c, now)
		})
		if err != nil {
			return r, err
		}
	}
	r.Seconds = time.Since(began).Seconds()
	after, err := l.usage(false)
	if err != nil {
		return r, err
	}
	r.ClientCPU, r.ServerCPU = after.client-before.client, after.server-before.server
	for i := range l.conns {
		if l.conns[i].ended.IsZero() {
			r.Stalled++
		}
	}
	if len(l.took) == 0 {
		return r, errors.New("no exchange was completed")
	}
	r.Ops = uint64(exchanges * l.depth)
	r.Allocs = float64(after.objects-before.objects) / float64(r.Ops)
	r.Bytes = float64(after.bytes-before.bytes) / float64(r.Ops)
	slices.Sort(l.took)
	quantile := func(permille int) float64 { return float64(l.took[(len(l.took)-1)*permille/1000]) / 1e3 }
	r.P50, r.P75, r.P90 = quantile(500), quantile(750), quantile(900)
	r.P99, r.P999, r.Max = quantile(990), quantile(999), quantile(1000)
	return r, nil
}

// usage is what was used so far.
type usage struct {
	client, server float64 // CPU time in seconds
	objects, bytes uint64  // that the server has allocated
}

// usage reads what was used so far. To ask the control server costs CPU time, which must not count: at
// the beginning of a window it is asked first, at the end last.
func (l *loop) usage(begin bool) (u usage, err error) {
	allocs := func() (err error) {
		if l.control != "" {
			u.objects, u.bytes, err = httpbench.Allocs(context.Background(), l.control)
		}
		return err
	}
	if begin {
		if err := allocs(); err != nil {
			return u, err
		}
	}
	client, err := harness.CPUTime(os.Getpid())
	if err != nil {
		return u, err
	}
	u.client = client.Seconds()
	if l.server != 0 {
		server, err := harness.CPUTime(l.server)
		if err != nil {
			return u, err
		}
		u.server = server.Seconds()
	}
	if begin {
		return u, nil
	}
	return u, allocs()
}
