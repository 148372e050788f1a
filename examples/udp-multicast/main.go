// Udp-multicast lets programs that do not know each other talk: what one sends
// to a group, every member receives. Try it, with the first line in several
// terminals:
//
//	go run ./examples/udp-multicast
//	go run ./examples/udp-multicast -say hello
//
// By default it stays on this host's loopback; -iface takes another interface's
// address, or :: with a zone (::%eth0) for a group of IPv6.
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

// listen prints what the group is told. Bound to the group's own address, the
// socket receives nothing else; ReuseAddr lets other members of this host in.
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
		if err != nil { // of a datagram; there may be others
			log.Print(err)
			return
		}
		fmt.Printf("%v: %s\n", d.Addr.Addr(), d.Data)
	})
}

// send tells the group something, and ends.
func send(l *uvgo.Loop, group netip.AddrPort, iface netip.Addr, text string) error {
	socket := handles.WithSocket(handles.IPv4) // at once, so that it can be told which way to send
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
