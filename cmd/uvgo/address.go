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
	addresses "github.com/uvgo/uvgo/internal/address"
)

// An address is an address to listen on or to connect to, as the user wrote it and in
// parts.
type address struct {
	text    string
	network string // as in addresses.Address
	secure  bool   // with TLS
	host    string // tcp and udp; may be empty
	port    uint16
	path    string // unix; "@name" is abstract
	fd      int    // fd
	name    string // systemd; empty means all
}

func (a address) String() string { return a.text }

// parseAddress understands the addresses of package server; the port must be a number.
func parseAddress(text string) (address, error) {
	bad := func(format string, args ...any) (address, error) {
		return address{}, usagef("bad address %q: %s", text, fmt.Sprintf(format, args...))
	}
	parts, err := addresses.Parse(text)
	if err != nil {
		return bad("%s%v", meant(text, "tcp"), err)
	}
	a := address{text: text, secure: parts.TLS, network: parts.Network, host: parts.Host, path: parts.Path, fd: parts.FD, name: parts.Name}
	if most := len(unix.RawSockaddrUnix{}.Path) - 1; len(a.path) > most {
		return bad("a socket's path has at most %d bytes, this one %d", most, len(a.path))
	}
	if parts.HostPort != "" {
		n, err := strconv.ParseUint(parts.Port, 10, 16)
		if err != nil {
			return bad("the port is a number up to 65535, not %q", parts.Port)
		}
		a.port = uint16(n)
	}
	return a, nil
}

func (a address) isUDP() bool { return strings.HasPrefix(a.network, "udp") }

// parsePeer is parseAddress for an address to connect to.
func parsePeer(text string) (address, error) {
	scheme, _, _ := strings.Cut(text, "://")
	switch strings.TrimPrefix(scheme, "tls+") {
	case "tcp", "tcp4", "tcp6", "tls", "unix":
		return parseAddress(text)
	}
	return address{}, usagef("bad address %q: %sconnections go to tcp://host:port, tls://host:port, unix:///path or tls+unix:///path", text, meant(text, "tcp"))
}

// meant is the beginning of an error that suggests an address with the scheme, if text is one without.
func meant(text, scheme string) string {
	_, port, err := addresses.SplitHostPort(text)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return ""
	}
	return "do you mean " + scheme + "://" + text + "? "
}

// plain returns the address without TLS, for one with TLS.
func (a address) plain() string {
	for with, without := range map[string]string{"tls://": "tcp://", "https://": "http://"} {
		if hostport, ok := strings.CutPrefix(a.text, with); ok {
			return without + hostport
		}
	}
	return strings.TrimPrefix(a.text, "tls+")
}

// withTLS returns the address with TLS, for one without.
func (a address) withTLS() string {
	for without, with := range map[string]string{"tcp://": "tls://", "http://": "https://"} {
		if hostport, ok := strings.CutPrefix(a.text, without); ok {
			return with + hostport
		}
	}
	return "tls+" + a.text
}

// origin returns a URL without its path, or the address of --unix-socket.
func (a address) origin() string {
	if a.network == "unix" {
		return "unix://" + a.path
	}
	scheme, rest, _ := strings.Cut(a.text, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return scheme + "://" + rest
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
