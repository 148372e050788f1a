package uvnet

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/net/nettest"
)

// TestLocalAddr dials from addresses of both families and of none, with both
// packages.
func TestLocalAddr(t *testing.T) {
	ln := listenIn(t, worlds[1], "tcp4")
	defer ln.Close()
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	check(t, err)
	defer pc.Close()
	targets := map[string][]string{"tcp": {ln.Addr().String()}, "udp": {pc.LocalAddr().String()}}
	if nettest.SupportsIPv6() {
		l6, err := net.Listen("tcp6", "[::1]:0")
		check(t, err)
		defer l6.Close()
		targets["tcp"] = append(targets["tcp"], l6.Addr().String())
	}
	for _, ip := range []net.IP{nil, net.IPv4zero, net.IPv6zero, net.ParseIP("::ffff:127.0.0.1"), net.IPv4(127, 0, 0, 2), net.IPv6loopback} {
		for network, to := range targets {
			for _, to := range to {
				for _, suffix := range []string{"", "4", "6"} {
					var local net.Addr = &net.TCPAddr{IP: ip}
					if network == "udp" {
						local = &net.UDPAddr{IP: ip}
					}
					var errs [2]error
					var ends [2][2]string // local IP, remote address
					for i, w := range worlds {
						c, err := w.dialer(0, local).DialContext(context.Background(), network+suffix, to)
						if errs[i] = err; err == nil {
							host, _, _ := net.SplitHostPort(c.LocalAddr().String())
							ends[i] = [2]string{host, c.RemoteAddr().String()}
							c.Close()
						}
					}
					if (errs[0] == nil) != (errs[1] == nil) || ends[0] != ends[1] {
						t.Errorf("%s%s from %v to %s: uvnet %v, %v; net %v, %v", network, suffix, ip, to, ends[0], errs[0], ends[1], errs[1])
					}
				}
			}
		}
	}
}

// TestEmptyUnixLocalAddr: an empty name as LocalAddr leaves the socket unbound.
func TestEmptyUnixLocalAddr(t *testing.T) {
	ln := listenIn(t, worlds[1], "unix")
	defer ln.Close()
	compareText(t, func(w world) string { // where the kernel chooses, no two are alike
		c, err := w.dialer(0, &net.UnixAddr{Net: "unix"}).DialContext(context.Background(), "unix", ln.Addr().String())
		check(t, err)
		defer c.Close()
		return c.LocalAddr().String()
	})
}

// TestRemoteAddrIsTheKernels: RemoteAddr is what getpeername says, not what was
// dialled.
func TestRemoteAddrIsTheKernels(t *testing.T) {
	t.Chdir(t.TempDir())
	ul, err := net.Listen("unix", "s")
	check(t, err)
	defer ul.Close()
	here, err := filepath.Abs("s")
	check(t, err)
	to := map[string]string{here: "unix"}
	if nettest.SupportsIPv6() {
		ln, err := net.Listen("tcp6", "[::1]:0")
		check(t, err)
		defer ln.Close()
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		for _, host := range []string{"::1%lo", "::1", "::", ""} {
			to[net.JoinHostPort(host, port)] = "tcp6"
		}
	}
	for address, network := range to {
		compareText(t, func(w world) string {
			c, err := w.dial(network, address)
			check(t, err)
			defer c.Close()
			return c.RemoteAddr().Network() + " " + c.RemoteAddr().String()
		})
	}
}

func compareText(t *testing.T, run func(w world) string) {
	t.Helper()
	if ours, theirs := run(worlds[0]), run(worlds[1]); ours != theirs {
		t.Errorf("package net: %s, uvnet: %s", theirs, ours)
	}
}
