package uvnet

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/nettest"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// udpAddresses are addresses to listen on: of both families, and one whose zone
// matters, as far as the machine has them.
func udpAddresses(t *testing.T) []string {
	all := []string{"127.0.0.1:0"}
	if nettest.SupportsIPv6() {
		all = append(all, "[::1]:0")
	}
	ifis, err := net.Interfaces()
	uvtest.Check(t, err)
	for _, ifi := range ifis {
		addrs, err := ifi.Addrs()
		uvtest.Check(t, err)
		for _, a := range addrs {
			if p, ok := a.(*net.IPNet); ok && p.IP.To4() == nil && p.IP.IsLinkLocalUnicast() {
				return append(all, fmt.Sprintf("[%s%%%s]:0", p.IP, ifi.Name))
			}
		}
	}
	return all
}

// TestUDPSenders: every method tells the sender, its zone included, as package
// net does.
func TestUDPSenders(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	for _, at := range udpAddresses(t) {
		for _, w := range worlds {
			p, err := w.packet("udp", at)
			uvtest.Check(t, err)
			u := p.(packetMethods)
			self := p.LocalAddr().(*net.UDPAddr)
			port := self.AddrPort()
			buf := make([]byte, 9)
			for i := range 5 {
				_, err = u.WriteToUDP([]byte("x"), self)
				if i%2 == 0 {
					_, err = u.WriteToUDPAddrPort([]byte("x"), port)
				}
				uvtest.Check(t, err)
			}
			var from [5]string
			_, a, err := u.ReadFromUDPAddrPort(buf)
			uvtest.Check(t, err)
			from[0] = a.String()
			_, b, err := u.ReadFromUDP(buf)
			uvtest.Check(t, err)
			from[1] = b.String()
			_, c, err := u.ReadFrom(buf)
			uvtest.Check(t, err)
			from[2] = c.String()
			_, _, _, d, err := u.ReadMsgUDPAddrPort(buf, nil)
			uvtest.Check(t, err)
			from[3] = d.String()
			_, _, _, e, err := u.ReadMsgUDP(buf, nil)
			uvtest.Check(t, err)
			from[4] = e.String()
			for i, f := range from {
				if f != self.String() {
					t.Errorf("%s, method %d: from %s, want %s", w.name, i, f, self)
				}
			}
			p.Close()
		}
	}
}

// TestUDPMsgFlags: ReadMsgUDP tells what recvmsg says of the packet and its
// control messages, and nothing that was asked of recvmsg.
func TestUDPMsgFlags(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	type outcome struct{ N, OOB, Flags int }
	var got [2][]outcome
	for i, w := range worlds {
		p, err := w.packet("udp4", "127.0.0.1:0")
		uvtest.Check(t, err)
		raw, err := p.(syscall.Conn).SyscallConn()
		uvtest.Check(t, err)
		uvtest.Check(t, raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1) }))
		uvtest.Check(t, err)
		u := p.(packetMethods)
		for _, size := range [][2]int{{8, 100}, {2, 100}, {8, 4}, {0, 0}} {
			_, err := u.WriteTo([]byte("packet"), p.LocalAddr())
			uvtest.Check(t, err)
			n, oobn, flags, _, err := u.ReadMsgUDPAddrPort(make([]byte, size[0]), make([]byte, size[1]))
			uvtest.Check(t, err)
			got[i] = append(got[i], outcome{n, oobn, flags})
		}
		p.Close()
	}
	if diff := cmp.Diff(got[1], got[0]); diff != "" {
		t.Errorf("(-net +uvnet)\n%s", diff)
	}
	if f := got[0][1].Flags; f != unix.MSG_TRUNC {
		t.Errorf("a long packet has flags %#x", f)
	}
}

// TestUDPControlMessages: what WriteMsgUDP sends with a packet reaches the kernel.
func TestUDPControlMessages(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	p, err := ListenPacket("udp4", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer p.Close()
	u := p.(*UDPConn)
	to := p.LocalAddr().(*net.UDPAddr).AddrPort()
	info := unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: [4]byte{127, 0, 0, 7}})
	n, oobn, err := u.WriteMsgUDPAddrPort([]byte("x"), info, to)
	if err != nil || n != 1 || oobn != len(info) {
		t.Fatal(n, oobn, err)
	}
	_, from, err := u.ReadFromUDPAddrPort(make([]byte, 9))
	if err != nil || from.Addr() != netip.MustParseAddr("127.0.0.7") {
		t.Errorf("from %v, %v", from, err)
	}
	if _, _, err := u.WriteMsgUDPAddrPort([]byte("x"), []byte("nonsense, and too short"), to); err == nil {
		t.Error("nonsense is taken for control messages")
	}
}
