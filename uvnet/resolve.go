package uvnet

import (
	"context"
	"net"
	"net/netip"
	"strings"
)

// resolve turns what Dial was given into addresses, as package net does.
func (d *Dialer) resolve(ctx context.Context, network, address string) ([]net.Addr, error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix":
	default:
		return nil, net.UnknownNetworkError(network)
	}
	if address == "" {
		return nil, errMissingAddress
	}
	addrs, err := d.Resolver.addrs(ctx, network, address)
	if err != nil || d.LocalAddr == nil {
		return addrs, err
	}
	return suitable(addrs, d.LocalAddr)
}

// addrs resolves an address of the network.
func (r *Resolver) addrs(ctx context.Context, network, address string) ([]net.Addr, error) {
	if network == "unix" {
		return []net.Addr{&net.UnixAddr{Name: address, Net: network}}, nil
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, network, service)
	if err != nil {
		return nil, err
	}
	ips, err := r.ips(ctx, network, host)
	if err != nil {
		return nil, err
	}
	var addrs []net.Addr
	for _, ip := range ips {
		switch {
		case strings.HasSuffix(network, "4") && !ip.IsUnspecified() && ip.IsValid() && !ip.Unmap().Is4():
		case strings.HasSuffix(network, "6") && ip.IsValid() && (!ip.Is6() || ip.Is4In6()):
		default:
			addrs = append(addrs, inetAddr(network, ip, port))
		}
	}
	if len(addrs) == 0 {
		return nil, &net.AddrError{Err: "no suitable address found", Addr: host}
	}
	return addrs, nil
}

// ips are the addresses of a host: the zero Addr stands for an empty name.
func (r *Resolver) ips(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if host == "" {
		return []netip.Addr{{}}, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return r.LookupNetIP(ctx, "ip"+strings.Trim(network, "tcpud"), host)
	}
	if ip == netip.IPv6Unspecified() { // a machine may bind IPv6 and not connect by it
		return []netip.Addr{ip, netip.IPv4Unspecified()}, nil
	}
	return []netip.Addr{ip}, nil
}

// inetAddr makes a net.Addr of the network.
func inetAddr(network string, ip netip.Addr, port int) net.Addr {
	var b net.IP
	if ip.IsValid() {
		b = ip.AsSlice()
	}
	if network[0] == 'u' {
		return &net.UDPAddr{IP: b, Port: port, Zone: ip.Zone()}
	}
	return &net.TCPAddr{IP: b, Port: port, Zone: ip.Zone()}
}

// suitable keeps the addresses that can be dialled from local.
func suitable(addrs []net.Addr, local net.Addr) ([]net.Addr, error) {
	var kept []net.Addr
	from := ipOf(local)
	for _, addr := range addrs {
		if addr.Network() != local.Network() {
			return nil, &net.AddrError{Err: "mismatched local address type", Addr: local.String()}
		}
		to := ipOf(addr)
		if len(from) == 0 || len(to) == 0 || from.IsUnspecified() || to.IsUnspecified() || (from.To4() == nil) == (to.To4() == nil) {
			kept = append(kept, addr)
		}
	}
	if len(kept) == 0 {
		return nil, &net.AddrError{Err: "no suitable address found", Addr: local.String()}
	}
	return kept, nil
}

// partition splits addresses by the family of the first.
func partition(addrs []net.Addr) (first, then []net.Addr) {
	for _, addr := range addrs {
		if (ipOf(addr).To4() == nil) == (ipOf(addrs[0]).To4() == nil) {
			first = append(first, addr)
		} else {
			then = append(then, addr)
		}
	}
	return first, then
}

// ipOf is the IP address in an address; a nil pointer has none, as for package
// net.
func ipOf(addr net.Addr) net.IP {
	switch addr := addr.(type) {
	case *net.TCPAddr:
		if addr != nil {
			return addr.IP
		}
	case *net.UDPAddr:
		if addr != nil {
			return addr.IP
		}
	}
	return nil
}
