package address

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/uvgo/uvgo/uv"
)

// An Address is an address in its parts. Which are set depends on the network.
type Address struct {
	// Network is "tcp", "udp", these with "4" or "6", "unix", "fd" or "systemd".
	Network string
	// HostPort is, with tcp and udp, both; Host may be empty, and has no brackets.
	HostPort, Host, Port string
	// Path is that of a unix socket. A name that begins with "@" is abstract.
	Path string
	// FD is a descriptor that the process has.
	FD int
	// TLS tells that the streams carry TLS.
	TLS bool
	// Name is, with systemd, that of the sockets; empty means all that systemd passed.
	Name string
}

// forms are the addresses as an error lists them.
const forms = "tcp://host:port, tls://host:port, udp://host:port, unix:///path, fd://number or systemd:name"

// Parse reads one of
//
//	tcp://host:port    tcp4:// and tcp6:// mean one family
//	udp://host:port    likewise
//	unix:///path       or unix://@name
//	fd://3
//	systemd:name       or systemd:
//	tls://host:port    tcp with TLS; tls+unix:, tls+fd: and tls+systemd: likewise
//
// A port is not looked at, for it may be a name. Errors match [uv.EINVAL], and do not name the
// address.
func Parse(text string) (Address, error) {
	if hostport, ok := strings.CutPrefix(text, "tls://"); ok {
		text = "tls+tcp://" + hostport
	}
	below, ok := strings.CutPrefix(text, "tls+")
	a, err := parse(below)
	if ok && err == nil && a.IsUDP() {
		return bad("datagrams carry no TLS")
	}
	a.TLS = ok && err == nil
	return a, err
}

// parse is Parse for what is below TLS.
func parse(text string) (Address, error) {
	if name, ok := strings.CutPrefix(text, "systemd:"); ok {
		if strings.ContainsAny(name, "/:") {
			return bad("a name of systemd has no %q in it: write systemd:name", "/:")
		}
		return Address{Network: "systemd", Name: name}, nil
	}
	network, rest, ok := strings.Cut(text, "://")
	if !ok {
		return bad("write %s", forms)
	}
	a := Address{Network: network}
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
		var err error
		a.HostPort = rest
		if a.Host, a.Port, err = net.SplitHostPort(rest); err != nil {
			return bad("write %s://host:port, an IPv6 host in brackets", network)
		}
	case "unix":
		if a.Path = rest; rest == "" {
			return bad("there is no path")
		}
	case "fd":
		n, err := strconv.ParseUint(rest, 10, 31)
		if err != nil {
			return bad("write fd:// and the number of a descriptor")
		}
		a.FD = int(n)
	default:
		return bad("%q is none of tcp, tls, udp, unix, fd and systemd: write %s", network, forms)
	}
	return a, nil
}

// IsUDP tells whether the network is one of datagrams.
func (a Address) IsUDP() bool { return strings.HasPrefix(a.Network, "udp") }

func bad(format string, args ...any) (Address, error) {
	return Address{}, invalid(fmt.Sprintf(format, args...))
}

// invalid is the error of an address that cannot be read.
type invalid string

func (e invalid) Error() string { return string(e) }

// Unwrap lets errors.Is match it with EINVAL, whose text would say nothing more.
func (e invalid) Unwrap() error { return uv.EINVAL }
