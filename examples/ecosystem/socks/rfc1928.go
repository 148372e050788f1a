package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
)

const version = 5

// Methods of authentication.
const (
	noAuthentication = 0x00
	noneAcceptable   = 0xff
)

// Kinds of addresses.
const (
	ipv4   = 1
	domain = 3
	ipv6   = 4
)

// Codes of replies.
const (
	succeeded = iota
	failed
	notAllowed
	networkUnreachable
	hostUnreachable
	refused
	ttlExpired
	noSuchCommand
	noSuchAddress
)

// greet reads which ways of authentication a client offers, and takes the one without any.
func greet(c io.ReadWriter) error {
	methods, err := readCounted(c, version)
	if err != nil {
		return err
	}
	if !slices.Contains(methods, noAuthentication) {
		_, err := c.Write([]byte{version, noneAcceptable})
		return errors.Join(errors.New("the client insists on authentication"), err)
	}
	_, err = c.Write([]byte{version, noAuthentication})
	return err
}

// readCounted reads a byte that has to be first, a length, and so many bytes.
func readCounted(r io.Reader, first byte) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if head[0] != first {
		return nil, fmt.Errorf("the client speaks version %d of SOCKS, not 5", head[0])
	}
	p := make([]byte, head[1])
	_, err := io.ReadFull(r, p)
	return p, err
}

// request reads what a client asks for: the target of a connection. It answers other requests with an error.
func request(c io.ReadWriter) (target string, err error) {
	var head [4]byte // version, command, reserved, kind of address
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return "", err
	}
	if head[0] != version {
		return "", fmt.Errorf("the request has version %d of SOCKS, not 5", head[0])
	}
	host, err := readHost(c, head[3])
	if err != nil {
		return "", errors.Join(err, reply(c, noSuchAddress, nil))
	}
	var port [2]byte
	if _, err := io.ReadFull(c, port[:]); err != nil {
		return "", err
	}
	if head[1] != 1 { // CONNECT; the others are BIND and UDP ASSOCIATE
		return "", errors.Join(fmt.Errorf("command %d is not offered", head[1]), reply(c, noSuchCommand, nil))
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port[0])<<8|int(port[1]))), nil
}

func readHost(r io.Reader, kind byte) (string, error) {
	var length [1]byte
	switch kind {
	case ipv4:
		length[0] = net.IPv4len
	case ipv6:
		length[0] = net.IPv6len
	case domain:
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return "", err
		}
	default:
		return "", fmt.Errorf("no kind of address %d", kind)
	}
	p := make([]byte, length[0])
	if _, err := io.ReadFull(r, p); err != nil {
		return "", err
	}
	if kind == domain {
		if len(p) == 0 || bytes.IndexByte(p, 0) >= 0 {
			return "", fmt.Errorf("no name %q", p)
		}
		return string(p), nil
	}
	ip, _ := netip.AddrFromSlice(p)
	return ip.String(), nil
}

// reply tells a client how its request went, and from which address the proxy speaks to the target.
func reply(c io.Writer, code byte, from net.Addr) error {
	bound := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	if a, ok := from.(*net.TCPAddr); ok {
		bound = a.AddrPort()
	}
	ip, kind := bound.Addr().Unmap(), byte(ipv4)
	if ip.Is6() {
		kind = ipv6
	}
	p := append([]byte{version, code, 0, kind}, ip.AsSlice()...)
	_, err := c.Write(append(p, byte(bound.Port()>>8), byte(bound.Port())))
	return err
}

// codeOf returns the code that stands for an error of a dial.
func codeOf(err error) byte {
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.Is(err, syscall.ENETUNREACH):
		return networkUnreachable
	case errors.Is(err, syscall.EHOSTUNREACH), errors.As(err, &dns):
		return hostUnreachable
	}
	return failed
}
