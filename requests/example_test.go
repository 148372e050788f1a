package requests_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/requests"
)

func ExampleGetAddrInfo() {
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		hints := requests.AddrInfoHints{Family: requests.IPv4, SockType: syscall.SOCK_STREAM}
		_, err := requests.GetAddrInfo(l, "localhost", "80", hints, func(list []requests.AddrInfo, err error) {
			if err != nil {
				log.Print(err)
				return
			}
			fmt.Println(list[0].Addr)
		})
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 127.0.0.1:80
}

func ExampleGetNameInfo() {
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		addr := netip.MustParseAddrPort("127.0.0.1:8080")
		_, err := requests.GetNameInfo(l, addr, requests.NINumericServ, func(host, service string, err error) {
			fmt.Println(host, service, err)
		})
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: localhost 8080 <nil>
}

// What takes long runs beside the loop; its outcome is used on it.
func ExampleStartWork() {
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		sum := 0
		_, err := requests.StartWork(l, func() error {
			for i := range 1_000_000 {
				sum += i
			}
			return nil
		}, func(err error) {
			fmt.Println(sum, err)
		})
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 499999500000 <nil>
}

func ExampleStartRandomBytes() {
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		_, err := requests.StartRandomBytes(l, 16, func(p []byte, err error) {
			fmt.Println(len(p), "bytes", err)
		})
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 16 bytes <nil>
}
