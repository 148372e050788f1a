package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// An address is an address to listen on or to connect to, as the user wrote it and in
// parts.
type address struct {
	text    string
	network string // "tcp", "tcp4", "tcp6" or "unix"
	host    string // tcp; may be empty
	port    uint16
	path    string // unix; "@name" is abstract
}

func (a address) String() string { return a.text }

// parseAddress understands tcp://host:port and unix:///path.
func parseAddress(text string) (address, error) {
	bad := func(format string, args ...any) (address, error) {
		return address{}, usagef("bad address %q: %s", text, fmt.Sprintf(format, args...))
	}
	a := address{text: text}
	scheme, rest, ok := strings.Cut(text, "://")
	a.network = scheme
	switch {
	case !ok:
		return bad("write tcp://host:port or unix:///path")
	case scheme == "unix" && rest == "":
		return bad("there is no path")
	case scheme == "unix" && len(rest) >= len(unix.RawSockaddrUnix{}.Path):
		return bad("a socket's path has at most %d bytes, this one %d", len(unix.RawSockaddrUnix{}.Path)-1, len(rest))
	case scheme == "unix":
		a.path = rest
		return a, nil
	case scheme != "tcp" && scheme != "tcp4" && scheme != "tcp6":
		return bad("%q is neither tcp nor unix", scheme)
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		return bad("write tcp://host:port, an IPv6 host in brackets")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return bad("the port is a number up to 65535, not %q", port)
	}
	a.host, a.port = host, uint16(n)
	return a, nil
}

// resolve looks up the host of a TCP address. It prefers IPv4. Without a host it
// returns the loopback address.
func (a address) resolve(ctx context.Context) (netip.AddrPort, error) {
	if a.network == "unix" {
		return netip.AddrPort{}, nil
	}
	if a.port == 0 {
		return netip.AddrPort{}, usagef("bad address %q: nobody can be reached at port 0", a.text)
	}
	if a.host == "" {
		ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if a.network == "tcp6" {
			ip = netip.IPv6Loopback()
		}
		return netip.AddrPortFrom(ip, a.port), nil
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip"+strings.TrimPrefix(a.network, "tcp"), a.host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("cannot look %s up: %s", a.host, reason(err))
	}
	best := ips[0].Unmap()
	for _, ip := range ips {
		if ip = ip.Unmap(); ip.Is4() && !best.Is4() {
			best = ip
		}
	}
	return netip.AddrPortFrom(best, a.port), nil
}

// dial starts connecting. at is the result of resolve. fn runs once, with nil when the
// stream is connected, or with the error.
func (a address) dial(l *uvgo.Loop, at netip.AddrPort, fn func(error)) (handles.Stream, error) {
	if a.network == "unix" {
		p, err := l.NewPipe()
		if err != nil {
			return nil, err
		}
		name := a.path
		if name[0] == '@' {
			name = "\x00" + name[1:]
		}
		return p, p.Connect(name, fn)
	}
	t, err := l.NewTCP()
	if err != nil {
		return nil, err
	}
	return t, t.Connect(at, func(err error) {
		if err == nil {
			_ = t.SetNoDelay(true) // send small messages at once
		}
		fn(err)
	})
}
