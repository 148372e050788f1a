package uvnet

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// addrInfo has libuv look up a host, and calls the hooks that package net's
// resolver would. C function uv_getaddrinfo,
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getaddrinfo.
func (r *Resolver) addrInfo(ctx context.Context, network, host string) ([]netip.Addr, error) {
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
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.DNSStart != nil {
		trace.DNSStart(httptrace.DNSStartInfo{Host: host})
	}
	ips, err := r.ask(ctx, host, hints)
	if trace != nil && trace.DNSDone != nil {
		trace.DNSDone(httptrace.DNSDoneInfo{Addrs: ipAddrs(ips), Err: err})
	}
	return ips, err
}

// ask has libuv look up the host, without hooks.
func (r *Resolver) ask(ctx context.Context, host string, hints requests.AddrInfoHints) ([]netip.Addr, error) {
	w, err := r.Loops.worker()
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
		if ip := named(info.Addr.Addr()); !slices.Contains(ips, ip) {
			ips = append(ips, ip)
		}
	}
	return ips, nil
}

// named replaces a zone that is a number, as libuv's are, by its interface's name.
func named(ip netip.Addr) netip.Addr {
	if id, err := strconv.ParseUint(ip.Zone(), 10, 32); err == nil {
		return ip.WithZone(zoneName(uint32(id)))
	}
	return ip
}

// nameInfo has libuv look up the name of an address. It ends in a dot, as package net's.
// C function uv_getnameinfo,
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getnameinfo.
func (r *Resolver) nameInfo(ctx context.Context, addr string) ([]string, error) {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return nil, &net.DNSError{Err: "unrecognized address", Name: addr}
	}
	w, err := r.Loops.worker()
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

// dnsError is package net's error for an error of a lookup by libuv.
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
	case errors.Is(err, uv.EAI_NONAME), errors.Is(err, uv.EAI_NODATA), errors.Is(err, uv.EAI_ADDRFAMILY),
		errors.Is(err, uv.EINVAL): // a name that is none: too long, with a NUL, not UTF-8
		e.Err, e.IsNotFound, e.UnwrapErr = "no such host", true, nil
	case errors.Is(err, uv.EAI_AGAIN):
		e.IsTemporary = true
	}
	return e
}
