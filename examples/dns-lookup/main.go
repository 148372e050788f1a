// Dns-lookup asks the system's resolver for all of its arguments at the same time: for
// the addresses of a name, and for the name of an address. Try it:
//
//	go run ./examples/dns-lookup localhost 127.0.0.1 ::1 no.such.host.invalid
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// A resolver counts the arguments without an answer. It needs no lock, because all
// callbacks run on the loop's goroutine.
type resolver struct {
	loop   *uvgo.Loop
	failed int
}

// ask starts a lookup of the argument, which is a name or an address.
func (r *resolver) ask(arg string) error {
	ip, err := netip.ParseAddr(arg)
	if err == nil {
		_, err = requests.GetNameInfo(r.loop, netip.AddrPortFrom(ip, 0), requests.NINameReqd, func(host, _ string, err error) {
			r.answer(arg, host, err)
		})
		return err
	}
	// One answer for each address: without a type there is another one for datagrams.
	hints := requests.AddrInfoHints{SockType: syscall.SOCK_STREAM}
	_, err = requests.GetAddrInfo(r.loop, arg, "", hints, func(list []requests.AddrInfo, err error) {
		var addrs []string
		for _, a := range list {
			addrs = append(addrs, a.Addr.Addr().String())
		}
		r.answer(arg, strings.Join(addrs, " "), err)
	})
	return err
}

func (r *resolver) answer(arg, answer string, err error) {
	switch {
	case errors.Is(err, uv.EAI_NONAME):
		answer = "unknown"
	case err != nil:
		answer = err.Error()
	}
	if err != nil {
		r.failed++
	}
	fmt.Println(arg+":", answer)
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: dns-lookup HOST…")
		os.Exit(2)
	}
	var r resolver
	// Run returns when the last answer is there: nothing else keeps the loop alive.
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		r.loop = l
		for _, arg := range os.Args[1:] {
			if err := r.ask(arg); err != nil { // malformed: there is nothing to wait for
				r.answer(arg, "", err)
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if r.failed > 0 {
		os.Exit(1)
	}
}
