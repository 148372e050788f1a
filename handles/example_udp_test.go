package handles_test

import (
	"fmt"
	"log"
	"net/netip"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// A server that answers each datagram, and its client, on one loop.
func ExampleUDP() {
	run(func(l *uvgo.Loop) error {
		srv, err := l.NewUDP()
		if err != nil {
			return err
		}
		if err := srv.Bind(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
			return err
		}
		err = srv.RecvStart(func(d handles.Datagram, err error) {
			if err == nil {
				err = srv.Send(d.Data, d.Addr) // Send borrows d.Data, so no copy is needed
			}
			if err != nil {
				log.Print(err)
			}
		})
		if err != nil {
			return err
		}
		addr, err := srv.LocalAddr()
		if err != nil {
			return err
		}

		c, err := l.NewUDP()
		if err != nil {
			return err
		}
		if err := c.Connect(addr); err != nil { // from now on no address is needed
			return err
		}
		err = c.RecvStart(func(d handles.Datagram, err error) {
			fmt.Printf("%s %v\n", d.Data, err)
			c.Close()
			srv.Close()
		})
		if err != nil {
			return err
		}
		return c.Send([]byte("hello over UDP"), netip.AddrPort{})
	})
	// Output: hello over UDP <nil>
}
