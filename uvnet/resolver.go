package uvnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// A Resolver looks up names as the system does (getaddrinfo, getnameinfo) on
// libuv's pool of threads. The zero Resolver, like a nil one, uses the default
// group. Its errors are package net's, mostly *net.DNSError.
type Resolver struct {
	// Loops are where answers arrive; nil means the default group.
	Loops *Net
}

func (r *Resolver) worker() (*worker, error) {
	if r == nil {
		return (*Net)(nil).worker()
	}
	return r.Loops.worker()
}

// LookupHost returns the addresses of a host, in the system's order. C function
// uv_getaddrinfo, https://docs.libuv.org/en/v1.x/dns.html#c.uv_getaddrinfo.
func (r *Resolver) LookupHost(ctx context.Context, host string) ([]string, error) {
	ips, err := r.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var addrs []string
	for _, ip := range ips {
		addrs = append(addrs, ip.String())
	}
	return addrs, nil
}

// LookupNetIP returns the addresses of a host, in the system's order; network is
// "ip", "ip4" or "ip6". C function uv_getaddrinfo,
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getaddrinfo.
func (r *Resolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	hints := requests.AddrInfoHints{SockType: unix.SOCK_STREAM}
	switch network {
	case "ip":
	case "ip4":
		hints.Family = requests.IPv4
	case "ip6":
		hints.Family = requests.IPv6
	default:
		return nil, net.UnknownNetworkError(network)
	}
	if host == "" {
		return nil, dnsError(host, uv.EAI_NONAME)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if hints.Family != 0 && (hints.Family == requests.IPv4) != ip.Unmap().Is4() {
			return nil, &net.AddrError{Err: "no suitable address found", Addr: host}
		}
		return []netip.Addr{ip}, nil
	}
	w, err := r.worker()
	if err != nil {
		return nil, err
	}
	var list []requests.AddrInfo
	w.use(func() { list, err = requests.GetAddrInfoContext(ctx, w.loop, host, "", hints) })
	if err != nil {
		return nil, dnsError(host, err)
	}
	var ips []netip.Addr
	for _, info := range list {
		ip := named(info.Addr.Addr())
		if !slices.Contains(ips, ip) {
			ips = append(ips, ip)
		}
	}
	return ips, nil
}

// named gives a zone its interface's name: libuv knows numbers.
func named(ip netip.Addr) netip.Addr {
	if id, err := strconv.ParseUint(ip.Zone(), 10, 32); err == nil {
		return ip.WithZone(zoneName(uint32(id)))
	}
	return ip
}

// LookupAddr returns the names of an address, each with a dot behind it. C
// function uv_getnameinfo,
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getnameinfo.
func (r *Resolver) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return nil, &net.DNSError{Err: "unrecognized address", Name: addr}
	}
	w, err := r.worker()
	if err != nil {
		return nil, err
	}
	if id := zoneID(ip.Zone()); id != 0 {
		ip = ip.WithZone(strconv.FormatUint(uint64(id), 10))
	}
	var name string
	w.use(func() {
		name, _, err = requests.GetNameInfoContext(ctx, w.loop, netip.AddrPortFrom(ip, 0), requests.NINameReqd)
	})
	if err != nil {
		return nil, dnsError(addr, err)
	}
	if strings.Contains(name, ".") && !strings.HasSuffix(name, ".") {
		name += "."
	}
	return []string{name}, nil
}

// dnsError is an error of a lookup as package net has it.
func dnsError(name string, err error) error {
	e := &net.DNSError{Err: err.Error(), Name: name, UnwrapErr: err}
	var ue *uv.Error
	if errors.As(err, &ue) {
		e.Err = ue.Errno.Error()
	}
	switch {
	case errors.Is(err, context.Canceled):
		err = canceled{}
		e.Err, e.UnwrapErr = err.Error(), context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		err = timeout{}
		e.Err, e.UnwrapErr, e.IsTimeout = err.Error(), context.DeadlineExceeded, true
	case errors.Is(err, uv.EAI_NONAME), errors.Is(err, uv.EAI_NODATA), errors.Is(err, uv.EAI_ADDRFAMILY):
		e.Err, e.IsNotFound, e.UnwrapErr = "no such host", true, nil
	case errors.Is(err, uv.EAI_AGAIN):
		e.IsTemporary = true
	}
	return e
}
