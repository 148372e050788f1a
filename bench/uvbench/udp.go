package main

import (
	"log"
	"net/netip"

	"github.com/uvgo/uvgo/handles"
)

// openUDP makes a socket on a port of the kernel's choice and reads from it.
func openUDP(b *bench, fn func(d handles.Datagram, err error)) (*handles.UDP, netip.AddrPort) {
	u := must(b.NewUDP())
	check(u.Bind(netip.MustParseAddrPort("127.0.0.1:0")))
	check(u.RecvStart(fn))
	return u, must(u.LocalAddr())
}

// pingUDP: a hundred sockets that each bounce one datagram off a server.
func pingUDP(b *bench) func() int {
	const pingers, pings = 100, 500
	text := []byte("PING")
	replies, open := 0, pingers
	var server *handles.UDP
	server, addr := openUDP(b, func(d handles.Datagram, err error) {
		check(err)
		check(server.Send(text, d.Addr))
	})
	var all []*handles.UDP
	for range pingers {
		left := pings
		var u *handles.UDP
		u, _ = openUDP(b, func(_ handles.Datagram, err error) {
			check(err)
			replies++
			if left--; left > 0 {
				check(u.Send(text, addr))
				return
			}
			check(u.Close())
			if open--; open == 0 {
				check(server.Close())
			}
		})
		all = append(all, u)
	}
	b.start()
	for _, u := range all {
		check(u.Send(text, addr))
	}
	return func() int { return replies }
}

// udpPummel: ten senders, each of which sends the next datagram when the kernel
// has taken the last, to a hundred receivers in turn.
func udpPummel(b *bench) func() int {
	const senders, receivers, total = 10, 100, 100000
	text := []byte("forty-six bytes, which is what this one needs.")
	sent, got := 0, 0
	var to []netip.AddrPort
	for range receivers {
		_, addr := openUDP(b, func(_ handles.Datagram, err error) {
			check(err)
			got++
		})
		to = append(to, addr)
	}
	left := senders
	b.start()
	for range senders {
		u := must(b.NewUDP())
		var pummel func(error)
		pummel = func(err error) {
			check(err)
			if sent == total {
				if left--; left == 0 {
					b.Stop()
				}
				return
			}
			sent++
			check(u.SendFunc(pummel, to[sent%receivers], text))
		}
		pummel(nil)
	}
	return func() int {
		if got < total/2 {
			log.Panicf("only %d of %d datagrams arrived", got, total)
		}
		return sent
	}
}
