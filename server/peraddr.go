package server

import (
	"encoding/binary"
	"net/netip"
	"sync"
)

// addrCounts count the connections of each address, for MaxConnsPerIP. All loops share
// them. An address is in a map only while it has connections.
type addrCounts [32]addrShard

// An addrShard has the addresses whose hash is the same. A shard of its own for each keeps loops from
// waiting for each other.
type addrShard struct {
	mu    sync.Mutex
	conns map[uint64]int // by addrKey
	_     [48]byte       // shards share no line of the processor's cache
}

// nat64 is the prefix under which translators put the IPv4 address of a peer.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// addrKey is what counts as one address: an address of IPv4, or a network of IPv6 with its
// 64 bits, in which a single host can have any number of addresses. No peer's network
// begins with 32 zero bits.
func addrKey(a netip.Addr) uint64 {
	if a = a.Unmap(); a.Is4() {
		ip := a.As4()
		return uint64(binary.BigEndian.Uint32(ip[:]))
	}
	ip := a.As16()
	if nat64.Contains(a.WithZone("")) {
		return uint64(binary.BigEndian.Uint32(ip[12:]))
	}
	return binary.BigEndian.Uint64(ip[:8])
}

func (n *addrCounts) shard(key uint64) *addrShard { return &n[key*0x9e3779b97f4a7c15>>59] }

// add counts a connection, unless its address has max of them.
func (n *addrCounts) add(key uint64, max int) bool {
	s := n.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns[key] >= max {
		return false
	}
	if s.conns == nil {
		s.conns = make(map[uint64]int)
	}
	s.conns[key]++
	return true
}

// remove takes a connection out of the count.
func (n *addrCounts) remove(key uint64) {
	s := n.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch left := s.conns[key] - 1; {
	case left > 0:
		s.conns[key] = left
	case len(s.conns) == 1:
		s.conns = nil // a map keeps the memory of its largest size
	default:
		delete(s.conns, key)
	}
}

// countAddr counts the connection for its peer's address, see setRemote. It returns false if
// MaxConnsPerIP does not allow it: the caller then closes the connection. Unix sockets do
// not count. The address must not change until the connection is closed.
func (c *Conn) countAddr() bool {
	s := c.worker.server
	if s.MaxConnsPerIP == 0 || !c.remote().IsValid() || c.is(addrCounted) {
		return true
	}
	if !s.perAddr.add(addrKey(c.remote().Addr()), s.MaxConnsPerIP) {
		return false
	}
	c.facts |= addrCounted
	return true
}

// leaveServer gives back what MaxConns and MaxConnsPerIP have counted.
func (c *Conn) leaveServer() {
	key, counted := uint64(0), c.is(addrCounted)
	if counted {
		key = addrKey(c.remote().Addr())
	}
	c.worker.server.giveBack(c.is(hasPlace), counted, key)
}

// giveBack gives back a place of MaxConns (place), and what MaxConnsPerIP counts for the address of key
// (counted). Any goroutine may call it.
func (s *Server) giveBack(place, counted bool, key uint64) {
	if counted {
		s.perAddr.remove(key)
	}
	if place {
		s.leave()
	}
}
