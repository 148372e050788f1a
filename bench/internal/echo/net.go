package echo

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
)

// Stack is package net, or one like it.
type Stack struct {
	Listen       func(network, address string) (net.Listener, error)
	ListenPacket func(network, address string) (net.PacketConn, error)
}

// Serve serves with a goroutine for each connection, which reads into one buffer of its own and writes that back.
func (s Stack) Serve(ctx context.Context, o Options) error {
	if o.Network == "udp4" {
		return s.servePackets(ctx, o)
	}
	ln, err := s.Listen(o.Network, o.Addr)
	if err != nil {
		return err
	}
	Listening(ln.Addr())
	context.AfterFunc(ctx, func() { ln.Close() })
	if o.TLS != nil {
		ln = tls.NewListener(ln, o.TLS)
	}
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go echo(c, o.Buffer)
	}
}

// echo serves one connection until its end. TCP_NODELAY is the default of net and uvnet.
func echo(c net.Conn, size int) {
	defer c.Close()
	buf := make([]byte, size)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

// packets is what net.UDPConn and uvnet.UDPConn have for those who count allocations.
type packets interface {
	ReadFromUDPAddrPort(p []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(p []byte, to netip.AddrPort) (int, error)
}

// servePackets answers datagrams, one after the other.
func (s Stack) servePackets(ctx context.Context, o Options) error {
	c, err := s.ListenPacket(o.Network, o.Addr)
	if err != nil {
		return err
	}
	Listening(c.LocalAddr())
	context.AfterFunc(ctx, func() { c.Close() })
	u := c.(packets)
	buf := make([]byte, 64<<10)
	for {
		n, from, err := u.ReadFromUDPAddrPort(buf)
		if err != nil {
			return err
		}
		if _, err := u.WriteToUDPAddrPort(buf[:n], from); err != nil {
			return err
		}
	}
}
