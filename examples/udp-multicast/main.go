// Udp-multicast sends datagrams to a multicast group, whose members receive them.
// Senders and members need not know each other's addresses. Try it, with the first line
// in several terminals:
//
//	go run ./examples/udp-multicast
//	go run ./examples/udp-multicast -say hello
//
// By default datagrams stay on this host's loopback interface. -iface chooses another
// one, by its address, or for a group of IPv6 by :: with a zone (::%eth0).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

func main() {
	group := flag.String("group", "239.255.17.4:7004", "`group` and port")
	iface := flag.String("iface", "127.0.0.1", "`address` of the interface")
	say := flag.String("say", "", "`text` to send; without it, listen")
	flag.Parse()
	to, err := netip.ParseAddrPort(*group)
	if err != nil {
		log.Fatal(err)
	}
	by, err := netip.ParseAddr(*iface)
	if err != nil {
		log.Fatal(err)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = uvgo.Run(ctx, func(l *uvgo.Loop) error {
		if *say != "" {
			return send(l, to, by, *say)
		}
		return listen(l, to, by)
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// listen prints the group's datagrams. The socket is bound to the group's address, so
// that it receives no other datagrams. ReuseAddr lets other members on this host bind
// to the address, too.
func listen(l *uvgo.Loop, group netip.AddrPort, iface netip.Addr) error {
	u, err := l.NewUDP()
	if err != nil {
		return err
	}
	if err := u.Bind(group, handles.ReuseAddr); err != nil {
		return err
	}
	if err := u.JoinGroup(group.Addr(), iface); err != nil {
		return err
	}
	fmt.Println("listening to", group)
	return u.RecvStart(func(d handles.Datagram, err error) {
		if err != nil { // receiving goes on after it
			log.Print(err)
			return
		}
		fmt.Printf("%v: %s\n", d.Addr.Addr(), d.Data)
	})
}

// send sends a datagram to the group.
func send(l *uvgo.Loop, group netip.AddrPort, iface netip.Addr, text string) error {
	socket := handles.WithSocket(handles.IPv4) // SetMulticastInterface needs a socket
	if group.Addr().Is6() {
		socket = handles.WithSocket(handles.IPv6)
	}
	u, err := l.NewUDP(socket)
	if err != nil {
		return err
	}
	if err := u.SetMulticastInterface(iface); err != nil {
		return err
	}
	return u.SendFunc(func(err error) {
		if err != nil {
			log.Print(err)
		}
		u.Close()
	}, group, []byte(text))
}
