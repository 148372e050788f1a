package uvnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/nettest"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A typedWorld has the functions that take addresses by their types.
type typedWorld struct {
	name       string
	listenTCP  func(network string, laddr *net.TCPAddr) (net.Listener, error)
	dialTCP    func(network string, laddr, raddr *net.TCPAddr) (net.Conn, error)
	dialerTCP  func(network string, laddr, raddr netip.AddrPort) (net.Conn, error)
	listenUDP  func(network string, laddr *net.UDPAddr) (net.PacketConn, error)
	multicast  func(network string, ifi *net.Interface, gaddr *net.UDPAddr) (net.PacketConn, error)
	dialUDP    func(network string, laddr, raddr *net.UDPAddr) (net.Conn, error)
	dialerUDP  func(network string, laddr, raddr netip.AddrPort) (net.Conn, error)
	listenUnix func(network string, laddr *net.UnixAddr) (net.Listener, error)
	dialUnix   func(network string, laddr, raddr *net.UnixAddr) (net.Conn, error)
	dialerUnix func(network string, laddr, raddr *net.UnixAddr) (net.Conn, error)
	unixgram   func(network string, laddr *net.UnixAddr) (net.PacketConn, error)
}

// plainly keeps a nil pointer from becoming an interface that is not nil.
func plainly[I any, C any](c C, err error) (I, error) {
	var i I
	if err == nil {
		i = any(c).(I)
	}
	return i, err
}

var typedWorlds = []typedWorld{
	{
		name: "uvnet",
		listenTCP: func(n string, l *net.TCPAddr) (net.Listener, error) {
			return plainly[net.Listener](ListenTCP(n, l))
		},
		dialTCP: func(n string, l, r *net.TCPAddr) (net.Conn, error) { return plainly[net.Conn](DialTCP(n, l, r)) },
		dialerTCP: func(n string, l, r netip.AddrPort) (net.Conn, error) {
			return plainly[net.Conn](new(Dialer).DialTCP(context.Background(), n, l, r))
		},
		listenUDP: func(n string, l *net.UDPAddr) (net.PacketConn, error) {
			return plainly[net.PacketConn](ListenUDP(n, l))
		},
		multicast: func(n string, i *net.Interface, g *net.UDPAddr) (net.PacketConn, error) {
			return plainly[net.PacketConn](ListenMulticastUDP(n, i, g))
		},
		dialUDP: func(n string, l, r *net.UDPAddr) (net.Conn, error) { return plainly[net.Conn](DialUDP(n, l, r)) },
		dialerUDP: func(n string, l, r netip.AddrPort) (net.Conn, error) {
			return plainly[net.Conn](new(Dialer).DialUDP(context.Background(), n, l, r))
		},
		listenUnix: func(n string, l *net.UnixAddr) (net.Listener, error) {
			return plainly[net.Listener](ListenUnix(n, l))
		},
		dialUnix: func(n string, l, r *net.UnixAddr) (net.Conn, error) { return plainly[net.Conn](DialUnix(n, l, r)) },
		dialerUnix: func(n string, l, r *net.UnixAddr) (net.Conn, error) {
			return plainly[net.Conn](new(Dialer).DialUnix(context.Background(), n, l, r))
		},
		unixgram: func(n string, l *net.UnixAddr) (net.PacketConn, error) {
			return plainly[net.PacketConn](ListenUnixgram(n, l))
		},
	},
	{
		name: "net",
		listenTCP: func(n string, l *net.TCPAddr) (net.Listener, error) {
			return plainly[net.Listener](net.ListenTCP(n, l))
		},
		dialTCP: func(n string, l, r *net.TCPAddr) (net.Conn, error) {
			return plainly[net.Conn](net.DialTCP(n, l, r))
		},
		dialerTCP: func(n string, l, r netip.AddrPort) (net.Conn, error) {
			return plainly[net.Conn](new(net.Dialer).DialTCP(context.Background(), n, l, r))
		},
		listenUDP: func(n string, l *net.UDPAddr) (net.PacketConn, error) {
			return plainly[net.PacketConn](net.ListenUDP(n, l))
		},
		multicast: func(n string, i *net.Interface, g *net.UDPAddr) (net.PacketConn, error) {
			return plainly[net.PacketConn](net.ListenMulticastUDP(n, i, g))
		},
		dialUDP: func(n string, l, r *net.UDPAddr) (net.Conn, error) {
			return plainly[net.Conn](net.DialUDP(n, l, r))
		},
		dialerUDP: func(n string, l, r netip.AddrPort) (net.Conn, error) {
			return plainly[net.Conn](new(net.Dialer).DialUDP(context.Background(), n, l, r))
		},
		listenUnix: func(n string, l *net.UnixAddr) (net.Listener, error) {
			return plainly[net.Listener](net.ListenUnix(n, l))
		},
		dialUnix: func(n string, l, r *net.UnixAddr) (net.Conn, error) {
			return plainly[net.Conn](net.DialUnix(n, l, r))
		},
		dialerUnix: func(n string, l, r *net.UnixAddr) (net.Conn, error) {
			return plainly[net.Conn](new(net.Dialer).DialUnix(context.Background(), n, l, r))
		},
		unixgram: func(n string, l *net.UnixAddr) (net.PacketConn, error) {
			return plainly[net.PacketConn](net.ListenUnixgram(n, l))
		},
	},
}

// TestTyped listens and dials by addresses of every kind, good and bad, with both
// packages, and compares the ends and the errors.
func TestTyped(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	ips := []net.IP{nil, net.IPv4(127, 0, 0, 1), {127, 0, 0, 1}, net.IPv4zero, net.IPv6zero, {1, 2, 3}}
	if nettest.SupportsIPv6() {
		ips = append(ips, net.IPv6loopback)
	}
	var got [2]map[string]string
	for i, w := range typedWorlds {
		got[i] = map[string]string{}
		note := func(name string, err error, ends ...net.Addr) {
			s := fmt.Sprintf("%+v", shapeOf(err))
			for _, a := range ends {
				if host, _, e := net.SplitHostPort(a.String()); e == nil {
					s += " " + a.Network() + " " + host
				} else {
					s += " " + volatile.ReplaceAllString(a.Network()+" "+a.String(), "ADDR")
				}
			}
			if got[i][name] != "" {
				t.Fatalf("%s occurs twice", name)
			}
			got[i][name] = s
		}
		for _, network := range []string{"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "", "tpc"} {
			// A nil address, and one with a port that is none.
			for j, l := range []*net.TCPAddr{nil, {Port: -1}, {Port: 65536}} {
				ln, err := w.listenTCP(network, l)
				if err == nil {
					note(fmt.Sprint("listenTCP ", network, j), err, ln.Addr())
					ln.Close()
				} else {
					note(fmt.Sprint("listenTCP ", network, j), err)
				}
				_, err = w.dialTCP(network, nil, l)
				note(fmt.Sprint("dialTCP ", network, j), err)
			}
			for _, ip := range ips {
				name := fmt.Sprintf("%s %v/%d", network, ip, len(ip))
				at := &net.TCPAddr{IP: ip}
				ln, err := w.listenTCP(network, at)
				if err != nil {
					note("listenTCP "+name, err)
					_, err = w.dialTCP(network, at, &net.TCPAddr{IP: ip, Port: 1})
					note("dialTCP "+name, err)
				} else {
					note("listenTCP "+name, nil, ln.Addr())
					to := &net.TCPAddr{IP: ip, Port: ln.Addr().(*net.TCPAddr).Port}
					for _, from := range []*net.TCPAddr{nil, {}, at} {
						c, err := w.dialTCP(network, from, to)
						if err != nil {
							t.Fatalf("%s: %s from %v: %v", w.name, name, from, err)
						}
						note(fmt.Sprintf("dialTCP %s from %v%v", name, from, from == at), nil, c.LocalAddr(), c.RemoteAddr())
						c.Close()
						if from == nil {
							c, err := w.dialerTCP(network, netip.AddrPort{}, to.AddrPort())
							if err != nil {
								note("dialerTCP "+name, err)
								continue
							}
							note("dialerTCP "+name, nil, c.LocalAddr(), c.RemoteAddr())
							c.Close()
						}
					}
					ln.Close()
				}
				p, err := w.listenUDP(network, &net.UDPAddr{IP: ip})
				if err != nil {
					note("listenUDP "+name, err)
					continue
				}
				note("listenUDP "+name, nil, p.LocalAddr())
				to := &net.UDPAddr{IP: ip, Port: p.LocalAddr().(*net.UDPAddr).Port}
				for _, from := range []*net.UDPAddr{nil, {}} {
					c, err := w.dialUDP(network, from, to)
					uvtest.Check(t, err)
					note(fmt.Sprint("dialUDP ", name, " from ", from), nil, c.LocalAddr(), c.RemoteAddr())
					uvtest.Check(t, write(c))
					_, _, err = p.ReadFrom(make([]byte, 9))
					uvtest.Check(t, err)
					c.Close()
				}
				c, err := w.dialerUDP(network, netip.AddrPort{}, to.AddrPort())
				if err != nil {
					note("dialerUDP "+name, err)
				} else {
					note("dialerUDP "+name, nil, c.LocalAddr(), c.RemoteAddr())
					c.Close()
				}
				p.Close()
			}
			_, err := w.dialUDP(network, nil, nil)
			note("dialUDP to nil "+network, err)
			_, err = w.multicast(network, nil, nil)
			note("multicast nil "+network, err)
			_, err = w.multicast(network, nil, &net.UDPAddr{})
			note("multicast none "+network, err)
			_, err = w.unixgram(network, nil)
			note("unixgram nil "+network, err)
			_, err = w.listenUnix(network, nil)
			note("listenUnix nil "+network, err)
			_, err = w.dialUnix(network, nil, nil)
			note("dialUnix nil "+network, err)
			_, err = w.dialUnix(network, &net.UnixAddr{Net: "unix"}, &net.UnixAddr{Net: "unix"})
			note("dialUnix nowhere "+network, err)
		}
	}
	if diff := cmp.Diff(got[1], got[0]); diff != "" {
		t.Errorf("(-net +uvnet)\n%s", diff)
	}
}

// TestTypedUnix listens and dials by a *net.UnixAddr.
func TestTypedUnix(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	for _, w := range typedWorlds {
		dir := t.TempDir()
		at := &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unix"}
		ln, err := w.listenUnix("unix", at)
		uvtest.Check(t, err)
		for i, dial := range []func(string, *net.UnixAddr, *net.UnixAddr) (net.Conn, error){w.dialUnix, w.dialerUnix} {
			own := &net.UnixAddr{Name: filepath.Join(dir, fmt.Sprint("c", i)), Net: "unix"}
			c, err := dial("unix", own, at)
			uvtest.Check(t, err)
			s, err := ln.Accept()
			uvtest.Check(t, err)
			if c.LocalAddr().String() != own.Name || c.RemoteAddr().String() != at.Name || s.RemoteAddr().String() != own.Name {
				t.Errorf("%s: %v to %v, accepted %v", w.name, c.LocalAddr(), c.RemoteAddr(), s.RemoteAddr())
			}
			uvtest.Check(t, write(c))
			uvtest.Check(t, read(s))
			c.Close()
			s.Close()
		}
		ln.Close()
		p, err := w.unixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "p"), Net: "unixgram"})
		uvtest.Check(t, err)
		_, err = p.WriteTo([]byte("x"), p.LocalAddr())
		uvtest.Check(t, err)
		if n, _, err := p.ReadFrom(make([]byte, 9)); n != 1 || err != nil {
			t.Error(n, err)
		}
		p.Close()
	}
}

// TestListenMulticastUDP joins a group on the loopback interface, and hears what
// is sent to it.
func TestListenMulticastUDP(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	var lo *net.Interface
	ifis, err := net.Interfaces()
	uvtest.Check(t, err)
	for _, i := range ifis {
		if i.Flags&net.FlagLoopback != 0 {
			lo = &i
		}
	}
	group := &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251)}
	for _, w := range typedWorlds {
		p, err := w.multicast("udp4", lo, group)
		uvtest.Check(t, err)
		port := p.LocalAddr().(*net.UDPAddr).Port
		c, err := w.listenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		uvtest.Check(t, err)
		_, err = c.WriteTo([]byte("to all"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		uvtest.Check(t, err)
		n, from, err := p.ReadFrom(make([]byte, 9))
		if err != nil || n != 6 || from.String() != c.LocalAddr().String() {
			t.Errorf("%s: %d from %v, %v", w.name, n, from, err)
		}
		groups, err := lo.MulticastAddrs()
		uvtest.Check(t, err)
		if !containsIP(groups, group.IP) {
			t.Errorf("%s: not a member: %v", w.name, groups)
		}
		c.Close()
		p.Close()
	}
}

func containsIP(addrs []net.Addr, ip net.IP) bool {
	for _, a := range addrs {
		if i, ok := a.(*net.IPAddr); ok && i.IP.Equal(ip) {
			return true
		}
	}
	return false
}
