package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// networks are those of -trust.
type networks []netip.Prefix

// add adds a network, or an address alone.
func (n *networks) add(text string) error {
	network, err := netip.ParsePrefix(text)
	if addr, aerr := netip.ParseAddr(text); aerr == nil && addr.Zone() == "" {
		network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		return errors.New("write an address or a network, such as 10.0.0.0/8")
	}
	*n = append(*n, network)
	return nil
}

// checkServer tells whether connections can go to the address.
func checkServer(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is no server: write host:port", addr)
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n == 0 {
		return fmt.Errorf("%q is no server: no connection goes to port %q", addr, port)
	}
	return nil
}
