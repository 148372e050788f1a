package server

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/sock"
)

// resolve turns host:port into an address, as net.ResolveTCPAddr and net.ResolveUDPAddr do,
// which take no context; no host means every interface.
func resolve(ctx context.Context, network, hostport string) (netip.AddrPort, error) {
	if hostport == "" { // which package net reads as ":0"
		return netip.AddrPort{}, &net.AddrError{Err: "missing port in address"}
	}
	host, service, err := net.SplitHostPort(hostport)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, network, service)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ip := netip.IPv6Unspecified()
	switch {
	case host != "":
		ip, err = lookup(ctx, network, host, strings.HasPrefix(hostport, "["))
	case strings.HasSuffix(network, "4"), !ipv6():
		ip = netip.IPv4Unspecified()
	}
	return netip.AddrPortFrom(ip, uint16(port)), err
}

// lookup returns a host's address of the network's family: without one an IPv4 address if it
// has one, unless the host was in brackets.
func lookup(ctx context.Context, network, host string, brackets bool) (netip.Addr, error) {
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return netip.Addr{}, err
	}
	if len(ips) == 1 && ips[0].IP.Equal(net.IPv6unspecified) { // every interface, of both families
		ips = append(ips, net.IPAddr{IP: net.IPv4zero})
	}
	both := !strings.HasSuffix(network, "4") && !strings.HasSuffix(network, "6")
	wants4 := strings.HasSuffix(network, "4") || both && !brackets
	at := slices.IndexFunc(ips, func(a net.IPAddr) bool { return a.IP.To4() != nil == wants4 })
	switch {
	case at < 0 && !both:
		return netip.Addr{}, &net.AddrError{Err: "no suitable address found", Addr: host}
	case at < 0:
		at = 0
	}
	ip, _ := netip.AddrFromSlice(ips[at].IP)
	ip = ip.Unmap()
	if zone := ips[at].Zone; zone != "" {
		ifi, err := net.InterfaceByName(zone)
		if err != nil {
			return netip.Addr{}, err
		}
		ip = ip.WithZone(fmt.Sprint(ifi.Index))
	}
	return ip, nil
}

// ipv6 tells whether the system has IPv6.
func ipv6() bool {
	fd, err := sock.New(unix.AF_INET6, unix.SOCK_STREAM)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
}
