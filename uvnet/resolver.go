package uvnet

import (
	"context"
	"net"
	"net/netip"

	"github.com/uvgo/uvgo/internal/core"
)

// A Resolver looks up names, with the methods and errors of [net.Resolver]. By
// default a resolver of package net answers: its concurrency, its contexts, and
// what GODEBUG=netdns asks for hold here. The zero Resolver, like a nil one, asks
// [net.DefaultResolver].
type Resolver struct {
	// Std is the resolver of package net to ask; nil means
	// [net.DefaultResolver]. Its PreferGo, StrictErrors and Dial apply.
	Std *net.Resolver
	// Libuv has libuv ask the system (getaddrinfo, getnameinfo) for addresses of
	// hosts and names of addresses, on its pool of threads; the other lookups
	// stay Std's. A lookup takes a thread until the system answers. The pool has 4
	// threads, or as many as the environment variable UV_THREADPOOL_SIZE says at
	// the pool's first use (1,024 at most). Lookups get half of the threads: as many
	// names whose servers do not answer hold up all other lookups.
	Libuv bool
	// Loops are where libuv's answers arrive; nil means the default group.
	Loops *Net
}

// std is the resolver of package net; a nil one is its default.
func (r *Resolver) std() *net.Resolver {
	if r == nil || r.Std == nil {
		return net.DefaultResolver
	}
	return r.Std
}

// lookup calls fn, which waits for an answer. In a callback the callback's loop is lent
// meanwhile.
func lookup[T any](fn func() (T, error)) (v T, err error) {
	wait, err := core.BeginWait("lookup")
	if err != nil {
		return v, err
	}
	wait.For(func() { v, err = fn() })
	return v, err
}

// LookupHost is [net.Resolver.LookupHost]: the addresses of a host.
func (r *Resolver) LookupHost(ctx context.Context, host string) ([]string, error) {
	if r == nil || !r.Libuv {
		return lookup(func() ([]string, error) { return r.std().LookupHost(ctx, host) })
	}
	ips, err := r.addrInfo(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var addrs []string
	for _, ip := range ips {
		addrs = append(addrs, ip.String())
	}
	return addrs, nil
}

// LookupIPAddr is [net.Resolver.LookupIPAddr]: the addresses of a host, with
// their zones.
func (r *Resolver) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	if r == nil || !r.Libuv {
		return lookup(func() ([]net.IPAddr, error) { return r.std().LookupIPAddr(ctx, host) })
	}
	ips, err := r.addrInfo(ctx, "ip", host)
	return ipAddrs(ips), err
}

// LookupIP is [net.Resolver.LookupIP]: the addresses of a host; network is "ip",
// "ip4" or "ip6".
func (r *Resolver) LookupIP(ctx context.Context, network, host string) ([]net.IP, error) {
	if r == nil || !r.Libuv {
		return lookup(func() ([]net.IP, error) { return r.std().LookupIP(ctx, network, host) })
	}
	ips, err := r.addrInfo(ctx, network, host)
	var list []net.IP
	for _, ip := range ips {
		list = append(list, ip.AsSlice())
	}
	return list, err
}

// LookupNetIP is [net.Resolver.LookupNetIP]: the addresses of a host; network is
// "ip", "ip4" or "ip6". libuv's have their zones.
func (r *Resolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if r == nil || !r.Libuv {
		return lookup(func() ([]netip.Addr, error) { return r.std().LookupNetIP(ctx, network, host) })
	}
	return r.addrInfo(ctx, network, host)
}

// LookupAddr is [net.Resolver.LookupAddr]: the names of an address. libuv returns
// one name.
func (r *Resolver) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	if r == nil || !r.Libuv {
		return lookup(func() ([]string, error) { return r.std().LookupAddr(ctx, addr) })
	}
	return r.nameInfo(ctx, addr)
}

// LookupPort is [net.Resolver.LookupPort].
func (r *Resolver) LookupPort(ctx context.Context, network, service string) (int, error) {
	return lookup(func() (int, error) { return r.std().LookupPort(ctx, network, service) })
}

// LookupCNAME is [net.Resolver.LookupCNAME].
func (r *Resolver) LookupCNAME(ctx context.Context, host string) (string, error) {
	return lookup(func() (string, error) { return r.std().LookupCNAME(ctx, host) })
}

// LookupSRV is [net.Resolver.LookupSRV].
func (r *Resolver) LookupSRV(ctx context.Context, service, proto, name string) (cname string, list []*net.SRV, err error) {
	srvs, err := lookup(func() (list []*net.SRV, err error) {
		cname, list, err = r.std().LookupSRV(ctx, service, proto, name)
		return list, err
	})
	return cname, srvs, err
}

// LookupMX is [net.Resolver.LookupMX].
func (r *Resolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return lookup(func() ([]*net.MX, error) { return r.std().LookupMX(ctx, name) })
}

// LookupNS is [net.Resolver.LookupNS].
func (r *Resolver) LookupNS(ctx context.Context, name string) ([]*net.NS, error) {
	return lookup(func() ([]*net.NS, error) { return r.std().LookupNS(ctx, name) })
}

// LookupTXT is [net.Resolver.LookupTXT].
func (r *Resolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return lookup(func() ([]string, error) { return r.std().LookupTXT(ctx, name) })
}

// ipAddrs is a list of addresses in package net's older form.
func ipAddrs(ips []netip.Addr) []net.IPAddr {
	var list []net.IPAddr
	for _, ip := range ips {
		list = append(list, net.IPAddr{IP: ip.AsSlice(), Zone: ip.Zone()})
	}
	return list
}
