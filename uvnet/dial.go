package uvnet

import (
	"context"
	"net"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/internal/core"
)

// A Dialer holds the options of connecting, after [net.Dialer]. The zero Dialer
// dials without options, on the default group.
type Dialer struct {
	// Timeout bounds a dial, name resolution included; 0 means no bound.
	Timeout time.Duration
	// Deadline bounds a dial like Timeout; the zero time means no bound.
	Deadline time.Time
	// LocalAddr is the address to dial from; nil lets the system choose.
	LocalAddr net.Addr
	// FallbackDelay is how long network tcp tries the preferred of IPv4 and IPv6
	// alone (RFC 6555, happy eyeballs): 0 means 300 ms, below 0 until that fails.
	FallbackDelay time.Duration
	// KeepAlive is how long a connection must be idle before it is probed: 0
	// means 15 s, below 0 never.
	KeepAlive time.Duration
	// KeepAliveConfig, if enabled, replaces KeepAlive.
	KeepAliveConfig net.KeepAliveConfig
	// Resolver looks up names; nil means net.DefaultResolver.
	Resolver *net.Resolver
	// UVResolver, if set, looks up names instead: it can be libuv's resolver.
	UVResolver *Resolver
	// Control, if set, runs on the socket before it is bound and connected.
	Control func(network, address string, c syscall.RawConn) error
	// ControlContext is Control with the dial's context; Control is ignored then.
	ControlContext func(ctx context.Context, network, address string, c syscall.RawConn) error
	// DualStack does nothing: happy eyeballs are on unless FallbackDelay is negative.
	//
	// Deprecated: as in package net.
	DualStack bool
	// Cancel ends a dial when it is closed.
	//
	// Deprecated: as in package net; use DialContext.
	Cancel <-chan struct{}
	// Loops are the loops for the connection; nil means the default group.
	Loops *Net

	multipath multipath
}

// Dial is [net.Dialer.Dial]: networks tcp, tcp4, tcp6, udp, udp4, udp6, unix and
// unixgram.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext is [net.Dialer.DialContext]. The end of ctx does nothing to a
// connection that has been made.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (c net.Conn, err error) {
	if err := checkNetwork("dial", network, address); err != nil {
		return nil, err
	}
	wait, err := core.BeginWait("dial")
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	wait.For(func() { c, err = d.dial(ctx, network, address) })
	return c, err
}

// dial is DialContext, where the goroutine may wait.
func (d *Dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := d.withLimits(ctx)
	defer cancel()
	addrs, err := d.resolve(lookupContext(ctx), network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	first, then := addrs, []net.Addr(nil)
	if network == "tcp" && d.FallbackDelay >= 0 {
		first, then = partition(addrs)
	}
	if len(then) == 0 {
		return d.serial(ctx, network, first)
	}
	return d.race(ctx, network, first, then)
}

// withLimits is ctx with the Dialer's own limits.
func (d *Dialer) withLimits(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := d.Deadline
	if d.Timeout != 0 {
		if at := time.Now().Add(d.Timeout); limit.IsZero() || at.Before(limit) {
			limit = at
		}
	}
	end := func() {}
	if !limit.IsZero() {
		ctx, end = context.WithDeadline(ctx, limit)
	}
	if d.Cancel == nil {
		return ctx, end
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-d.Cancel:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(); end() }
}

// An attempt is the outcome of one half of a race.
type attempt struct {
	conn  net.Conn
	err   error
	first bool
}

// race dials the preferred addresses, and after the delay, or when they fail,
// the others as well; the first connection wins.
func (d *Dialer) race(ctx context.Context, network string, first, then []net.Addr) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt, 2) // of two, so that neither half blocks
	start := func(addrs []net.Addr, isFirst bool) {
		c, err := d.serial(ctx, network, addrs)
		results <- attempt{c, err, isFirst}
	}
	go start(first, true)
	delay := d.FallbackDelay
	if delay == 0 {
		delay = 300 * time.Millisecond
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	running, second := 1, false
	var firstErr, err error
	for running > 0 {
		select {
		case <-timer.C:
			running, second = running+1, true
			go start(then, false)
		case r := <-results:
			running--
			if r.err == nil {
				if running > 0 {
					go func() { // the loser, if it connected all the same
						if r := <-results; r.conn != nil {
							r.conn.Close()
						}
					}()
				}
				return r.conn, nil
			}
			err = r.err
			if r.first {
				firstErr = r.err
			}
			if !second {
				timer.Stop()
				running, second = running+1, true
				go start(then, false)
			}
		}
	}
	if firstErr != nil {
		err = firstErr
	}
	return nil, err
}

// serial dials the addresses one after the other, each in its share of the time
// that is left. The first failure is the one that counts, unless ctx ends.
func (d *Dialer) serial(ctx context.Context, network string, addrs []net.Addr) (net.Conn, error) {
	var first error
	for i, addr := range addrs {
		if err := ctx.Err(); err != nil {
			return nil, d.dialError(network, addr, contextError(err))
		}
		c, err := traced(ctx, network, addr, func() (net.Conn, error) {
			c, err := d.dialOne(ctx, network, addr, len(addrs)-i)
			if err != nil {
				return nil, d.dialError(network, addr, err)
			}
			return c, nil
		})
		if err == nil {
			return c, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = &net.OpError{Op: "dial", Net: network, Err: errMissingAddress}
	}
	return nil, first
}

// dialError wraps the error of dialling an address.
func (d *Dialer) dialError(network string, addr net.Addr, err error) error {
	return &net.OpError{Op: "dial", Net: network, Source: d.LocalAddr, Addr: addr, Err: err}
}

// dialOne dials one of the addresses that are left.
func (d *Dialer) dialOne(ctx context.Context, network string, addr net.Addr, left int) (net.Conn, error) {
	if limit, ok := ctx.Deadline(); ok && left > 1 {
		const least = 2 * time.Second // for the first ones, at the expense of the last
		whole := time.Until(limit)
		share := min(max(whole/time.Duration(left), least), whole)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, share)
		defer cancel()
	}
	switch addr := addr.(type) {
	case *net.TCPAddr:
		local, _ := d.LocalAddr.(*net.TCPAddr)
		return result(d.dialTCP(ctx, network, local, addr))
	case *net.UDPAddr:
		return result(d.dialUDP(ctx, network, addr))
	case *net.UnixAddr:
		if addr.Net == "unixgram" {
			return result(d.dialUnixgram(ctx, addr))
		}
		local, _ := d.LocalAddr.(*net.UnixAddr)
		return result(d.dialUnix(ctx, network, local, addr))
	}
	return nil, &net.AddrError{Err: "unexpected address type", Addr: addr.String()}
}

// result keeps a nil connection from becoming a net.Conn that is not nil.
func result[C net.Conn](c C, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// control runs the user's hook on a new socket.
func (d *Dialer) control(ctx context.Context, network, address string, fd int) error {
	raw := rawSocket(fd)
	switch {
	case d.ControlContext != nil:
		return d.ControlContext(ctx, network, address, raw)
	case d.Control != nil:
		return d.Control(network, address, raw)
	}
	return nil
}

// A rawSocket is the syscall.RawConn of a socket that is not connected yet.
type rawSocket int

// Control runs f on the descriptor.
func (s rawSocket) Control(f func(fd uintptr)) error {
	f(uintptr(s))
	return nil
}

// Read fails: there is nothing to read yet.
func (s rawSocket) Read(func(fd uintptr) bool) error { return syscall.ENOTCONN }

// Write fails: there is nobody to write to yet.
func (s rawSocket) Write(func(fd uintptr) bool) error { return syscall.ENOTCONN }
