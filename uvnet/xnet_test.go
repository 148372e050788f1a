package uvnet

import (
	"net"
	"testing"

	"golang.org/x/net/ipv4"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestXNet: of x/net's ipv4.PacketConn all works on a socket of ours but ReadFrom,
// which wants package net's type; docs/uvnet.md names ReadBatch instead.
func TestXNet(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	c, err := ListenPacket("udp4", "127.0.0.1:0")
	uvtest.Check(t, err)
	defer c.Close()
	p := ipv4.NewPacketConn(c)
	uvtest.Check(t, p.SetControlMessage(ipv4.FlagDst|ipv4.FlagTTL, true))
	uvtest.Check(t, p.SetTTL(7))
	if ttl, err := p.TTL(); ttl != 7 || err != nil {
		t.Errorf("TTL %d, %v", ttl, err)
	}
	for _, want := range []string{"one", "two"} {
		if _, err := p.WriteTo([]byte(want), nil, c.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		ms := []ipv4.Message{{Buffers: [][]byte{make([]byte, 9)}, OOB: make([]byte, 100)}}
		n, err := p.ReadBatch(ms, 0)
		if err != nil || n != 1 || string(ms[0].Buffers[0][:ms[0].N]) != want || ms[0].Addr.String() != c.LocalAddr().String() {
			t.Fatalf("%d, %q from %v, %v", n, ms[0].Buffers[0][:ms[0].N], ms[0].Addr, err)
		}
		var cm ipv4.ControlMessage
		if err := cm.Parse(ms[0].OOB[:ms[0].NN]); err != nil || cm.TTL != 7 || !cm.Dst.Equal(net.IPv4(127, 0, 0, 1)) {
			t.Errorf("%v, %v", cm, err)
		}
	}
	if _, err := p.WriteBatch([]ipv4.Message{{Buffers: [][]byte{[]byte("x")}, Addr: c.LocalAddr()}}, 0); err != nil {
		t.Error(err)
	}
	if _, _, _, err := p.ReadFrom(make([]byte, 9)); err == nil {
		t.Error("ReadFrom works: docs/uvnet.md says that it does not")
	} else {
		t.Log(err)
	}
}
