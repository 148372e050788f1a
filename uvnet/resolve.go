package uvnet

import (
	"context"
	"net"
	"net/netip"
	"strings"
)

// A namer answers what a dial by name needs: a *net.Resolver or
// a *Resolver.
type namer interface {
	LookupPort(ctx context.Context, network, service string) (int, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupIP(ctx context.Context, network, host string) ([]net.IP, error)
}

var _ namer = (*net.Resolver)(nil)
var _ namer = (*Resolver)(nil)

// names returns the resolver for the Dialer's names.
func (d *Dialer) names() namer {
	if d.UVResolver != nil {
		return d.UVResolver
	}
	if d.Resolver != nil {
		return d.Resolver
	}
	return net.DefaultResolver
}

// resolve turns what Dial was given into addresses, as package net does.
func (d *Dialer) resolve(ctx context.Context, network, address string) ([]net.Addr, error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "unixgram":
	default:
		return nil, net.UnknownNetworkError(network)
	}
	if address == "" {
		return nil, errMissingAddress
	}
	addrs, err := resolve(ctx, d.names(), network, address)
	if err != nil || d.LocalAddr == nil {
		return addrs, err
	}
	return suitable(addrs, d.LocalAddr)
}

// resolve resolves an address of the network.
func resolve(ctx context.Context, r namer, network, address string) ([]net.Addr, error) {
	if strings.HasPrefix(network, "unix") {
		return []net.Addr{&net.UnixAddr{Name: address, Net: network}}, nil
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := r.LookupPort(ctx, network, service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		return []net.Addr{inetAddr(network, net.IPAddr{}, port)}, nil
	}
	ips, err := hostIPs(ctx, r, network, host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 1 && ips[0].IP.Equal(net.IPv6unspecified) { // a machine may be able to bind IPv6, and not to connect by it
		ips = append(ips, net.IPAddr{IP: net.IPv4zero})
	}
	var addrs []net.Addr
	for _, ip := range ips {
		switch {
		case strings.HasSuffix(network, "4") && ip.IP.To4() == nil:
		case strings.HasSuffix(network, "6") && ip.IP.To4() != nil:
		default:
			addrs = append(addrs, inetAddr(network, ip, port))
		}
	}
	if len(addrs) == 0 {
		return nil, &net.AddrError{Err: "no suitable address found", Addr: host}
	}
	return addrs, nil
}

// hostIPs returns the addresses of a host. Of a network that is limited to a family, it
// asks for that family alone.
func hostIPs(ctx context.Context, r namer, network, host string) ([]net.IPAddr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []net.IPAddr{{IP: net.IP(ip.AsSlice()).To16(), Zone: ip.Zone()}}, nil
	}
	family := strings.Trim(network, "tcpud")
	if family == "" {
		return r.LookupIPAddr(ctx, host)
	}
	ips, err := r.LookupIP(ctx, "ip"+family, host)
	if err != nil {
		return nil, err
	}
	var list []net.IPAddr
	for _, ip := range ips {
		if ip.To4() == nil && ip.IsLinkLocalUnicast() { // LookupIP loses the zone, which a link-local address needs
			return r.LookupIPAddr(valueless{ctx}, host)
		}
		list = append(list, net.IPAddr{IP: ip})
	}
	return list, nil
}

// inetAddr makes a net.Addr of the network.
func inetAddr(network string, ip net.IPAddr, port int) net.Addr {
	if network[0] == 'u' {
		return &net.UDPAddr{IP: ip.IP, Port: port, Zone: ip.Zone}
	}
	return &net.TCPAddr{IP: ip.IP, Port: port, Zone: ip.Zone}
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

// ipOf is the IP address in an address: none for a nil pointer, as by package net.
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
