package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net/netip"
	"time"

	"github.com/uvgo/uvgo/server"
)

// limits are the flags of echo that set fields of the server's: timeouts, limits, TLS and the PROXY
// protocol.
type limits struct {
	idle, write, handshake time.Duration
	conns, perIP           int
	cert, key              string
	fingerprint            string // the SHA-256 of a self-signed certificate, once apply has made it
	proxy                  server.ProxyProtocol
}

// define defines the flags.
func (l *limits) define(fs *flag.FlagSet) {
	spanVar(fs, &l.idle, "idle-timeout", 0, "close connections on which nothing moves for `TIME`; 0: never")
	spanVar(fs, &l.write, "write-timeout", 0, "close connections that take nothing of what they are owed for `TIME`; 0: never")
	spanVar(fs, &l.handshake, "handshake-timeout", 10*time.Second, "close connections whose TLS handshake or PROXY header takes longer than `TIME`")
	fs.IntVar(&l.conns, "max-conns", 0, "serve at most `N` connections, others wait; 0: any number")
	fs.IntVar(&l.perIP, "max-conns-per-ip", 0, "serve at most `N` connections of one address, close others; 0: any number")
	fs.StringVar(&l.cert, "cert", "", "the certificate for tls:// is in `FILE` (PEM); without it a self-signed one is made for a try")
	fs.StringVar(&l.key, "key", "", "and its private key in `FILE` (PEM)")
	fs.Func("proxy-protocol", "expect PROXY headers, `MODE` off, optional or required (default off)", l.setProxyMode)
	fs.Func("proxy-from", "trust the PROXY headers of `NETWORK`, such as 10.0.0.0/8; may be repeated", l.addProxy)
}

func (l *limits) setProxyMode(text string) error {
	for mode, name := range []string{"off", "optional", "required"} {
		if text == name {
			l.proxy.Mode = []server.ProxyMode{server.ProxyOff, server.ProxyOptional, server.ProxyRequired}[mode]
			return nil
		}
	}
	return fmt.Errorf("write off, optional or required")
}

func (l *limits) addProxy(text string) error {
	network, err := netip.ParsePrefix(text)
	if addr, aerr := netip.ParseAddr(text); aerr == nil && addr.Zone() == "" {
		network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		return fmt.Errorf("write an address or a network, such as 10.0.0.0/8")
	}
	l.proxy.Trusted = append(l.proxy.Trusted, network)
	return nil
}

// check refuses what makes no sense for a server on the addresses.
func (l *limits) check(listen []address) error {
	secure, tcp := false, false
	for _, a := range listen {
		secure = secure || a.secure
		tcp = tcp || a.network != "unix" && !a.isUDP()
	}
	switch {
	case l.idle < 0:
		return usagef("--idle-timeout %v: a time is not negative", l.idle)
	case l.write < 0:
		return usagef("--write-timeout %v: a time is not negative", l.write)
	case l.handshake <= 0:
		return usagef("--handshake-timeout %v: it must be more than 0", l.handshake)
	case l.conns < 0:
		return usagef("--max-conns %d: a number of connections is not negative", l.conns)
	case l.perIP < 0:
		return usagef("--max-conns-per-ip %d: a number of connections is not negative", l.perIP)
	case (l.cert == "") != (l.key == ""):
		return usagef("--cert and --key belong together")
	case l.cert != "" && !secure:
		return usagef("--cert and --key are for an address with TLS: --listen tls://host:port")
	case l.proxy.Mode == server.ProxyOff && l.proxy.Trusted != nil:
		return usagef("--proxy-from says whose headers to trust: add --proxy-protocol optional or required")
	case l.proxy.Mode != server.ProxyOff && l.proxy.Trusted == nil && tcp:
		return usagef("--proxy-protocol: no proxy is trusted, name its address by --proxy-from")
	}
	return nil
}

// apply sets the server's fields. It makes a certificate if there is to be TLS and none was given.
func (l *limits) apply(s *server.Server, listen []address) error {
	s.IdleTimeout, s.WriteTimeout, s.HandshakeTimeout = l.idle, l.write, l.handshake
	s.MaxConns, s.MaxConnsPerIP, s.ProxyProtocol = l.conns, l.perIP, l.proxy
	for _, a := range listen {
		if a.secure && s.TLSConfig == nil {
			cert, err := l.certificate()
			if err != nil {
				return err
			}
			s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
		}
	}
	return nil
}

func (l *limits) certificate() (tls.Certificate, error) {
	if l.cert != "" {
		cert, err := tls.LoadX509KeyPair(l.cert, l.key)
		if err != nil {
			return cert, fmt.Errorf("--cert and --key: %w", err)
		}
		return cert, nil
	}
	cert, err := selfSigned("echo")
	if err != nil {
		return cert, fmt.Errorf("cannot make a certificate: %w", err)
	}
	l.fingerprint = fingerprint(cert)
	return cert, nil
}
