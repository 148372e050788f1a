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
const forms = "tcp://host:port, tls://host:port, udp://host:port, unix:///path, fd://number and systemd:name, " +
	"with TLS tls+unix:///path, tls+fd://number and tls+systemd:name"

// Parse reads one of
//
//	tcp://host:port    tcp4:// and tcp6:// mean one family
//	udp://host:port    likewise
//	unix:///path       or unix://@name
//	fd://3
//	systemd:name       or systemd:
//	tls://host:port    tcp with TLS; tls+unix:///path, tls+fd://3 and tls+systemd:name likewise
//
// A port is not looked at, for it may be a name. Errors match [uv.EINVAL], and do not name the
// address.
func Parse(text string) (Address, error) {
	scheme, rest, found := strings.Cut(text, ":")
	network, secure := strings.CutPrefix(scheme, "tls+")
	if scheme == "tls" {
		network, secure = "tcp", true
	}
	a, err := parse(scheme, network, rest, found)
	if secure && err == nil && a.IsUDP() {
		return bad("datagrams carry no TLS")
	}
	a.TLS = secure && err == nil
	return a, err
}

// parse is Parse for what is behind the scheme. network is the scheme without TLS.
func parse(scheme, network, rest string, found bool) (Address, error) {
	form := formOf(scheme, network)
	slashed := strings.HasPrefix(rest, "//")
	switch {
	case network == "systemd" && found:
		if strings.ContainsAny(rest, "/:") {
			return bad("a systemd name has neither / nor : in it; the form is %s", form)
		}
		return Address{Network: network, Name: rest}, nil
	case form == "" && slashed:
		return bad("%q is no network; the forms are %s", scheme, forms)
	case form == "" || !found:
		return bad("no scheme; the forms are %s", forms)
	case !slashed:
		return bad("no // behind %s:; the form is %s", scheme, form)
	}
	rest = rest[len("//"):]
	a := Address{Network: network}
	switch network {
	case "unix":
		if a.Path = rest; rest == "" {
			return bad("no path; the form is %s", form)
		}
	case "fd":
		n, err := strconv.ParseUint(rest, 10, 31)
		if err != nil {
			return bad("%q is not the number of a descriptor; the form is %s", rest, form)
		}
		a.FD = int(n)
	default:
		var err error
		if a.Host, a.Port, err = SplitHostPort(rest); err != nil {
			return bad("%v; the form is %s", err, form)
		}
		a.HostPort = rest
	}
	return a, nil
}

// formOf returns the form of a scheme's addresses, empty for an unknown network.
func formOf(scheme, network string) string {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
		return scheme + "://host:port"
	case "unix":
		return scheme + ":///path"
	case "fd":
		return scheme + "://number"
	case "systemd":
		return scheme + ":name"
	}
	return ""
}

// SplitHostPort is that of package net, with errors that say what is wrong in few words. They match [uv.EINVAL].
func SplitHostPort(text string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(text)
	switch {
	case err == nil:
		return host, port, nil
	case !strings.Contains(text, ":") || strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		return "", "", invalid("no port")
	case strings.Count(text, ":") > 1 && !strings.ContainsAny(text, "[]"):
		return "", "", invalid("an IPv6 host without brackets")
	}
	return "", "", invalid(fmt.Sprintf("%q is not a host and a port", text))
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
