package main

import (
	"net"
	"os"
	"strings"
)

// A listening is an address on which the server listens.
type listening struct {
	address          // as it was given
	at      net.Addr // what it has become
}

// announce prints where the server listens and how to try it.
func (e *echo) announce() {
	load := ""
	for _, l := range e.bound {
		e.console.printf("listening on %s   try: %s\n", l.url(l.at), l.try())
		if load == "" && !strings.HasPrefix(l.scheme(), "udp") {
			load = l.url(l.reach())
			if l.secure && e.trial != "" {
				load = "--insecure " + load
			}
		}
	}
	for _, line := range e.display.lines() {
		e.console.printf("%s", line)
	}
	if load != "" {
		e.console.printf("load:  %s load --conns 100 --duration 10s %s\n", os.Args[0], load)
	}
	if e.trial != "" {
		e.console.printf("TLS:   the certificate is self-signed, for a try (--cert and --key name a real one).\n")
		e.console.printf("       Clients that see this SHA-256 of it have reached this server: %s\n", e.trial)
	}
	e.console.printf("stats: kill -USR1 %d\n", os.Getpid())
	e.console.printf("stop:  Ctrl-C\n")
}

// scheme returns the scheme of an address that names what listens, also if it was inherited.
func (l listening) scheme() string {
	network := l.network
	if network == "fd" || network == "systemd" {
		network = l.at.Network()
	}
	switch {
	case !l.secure:
		return network
	case network == "tcp":
		return "tls"
	}
	return "tls+" + network
}

// url returns an address in the form of --listen.
func (l listening) url(a net.Addr) string { return l.scheme() + "://" + a.String() }

// reach returns the address by which a client on this machine reaches the listener: a
// loopback address if it is bound to all interfaces.
func (l listening) reach() net.Addr {
	loopback := net.IPv4(127, 0, 0, 1)
	if strings.HasSuffix(l.network, "6") { // no IPv4
		loopback = net.IPv6loopback
	}
	switch a := l.at.(type) {
	case *net.TCPAddr:
		if a.IP.IsUnspecified() {
			return &net.TCPAddr{IP: loopback, Port: a.Port}
		}
	case *net.UDPAddr:
		if a.IP.IsUnspecified() {
			return &net.UDPAddr{IP: loopback, Port: a.Port}
		}
	}
	return l.at
}

// try returns the command that connects to the address.
func (l listening) try() string {
	a := l.reach()
	unix := strings.HasPrefix(a.Network(), "unix")
	switch host, port, _ := net.SplitHostPort(a.String()); {
	case l.secure && unix:
		return "openssl s_client -quiet -unix " + a.String()
	case l.secure:
		return "openssl s_client -quiet -connect " + a.String()
	case unix:
		return "nc -U " + a.String()
	case a.Network() == "udp":
		return "nc -u " + host + " " + port
	default:
		return "nc " + host + " " + port
	}
}
