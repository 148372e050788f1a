package uvnet

import (
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A maker makes a side of a connection: package net or uvnet.
type maker struct {
	name   string
	listen func(network, address string) (net.Listener, error)
	dial   func(network, address string) (net.Conn, error)
}

var makers = []maker{
	{"uvnet", Listen, Dial},
	{"net", net.Listen, net.Dial},
}

// address is a free address of the network.
func address(t testing.TB, network string) string {
	if network == "unix" {
		return filepath.Join(t.TempDir(), "s")
	}
	return "127.0.0.1:0"
}

// connectPair returns both ends of a connection.
func connectPair(t testing.TB, network string, server, client maker) (s, c net.Conn) {
	t.Helper()
	ln, err := server.listen(network, address(t, network))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dialed := make(chan error, 1)
	go func() {
		var err error
		c, err = client.dial(network, ln.Addr().String())
		dialed <- err
	}()
	s, err = ln.Accept()
	if derr := <-dialed; err != nil || derr != nil {
		t.Fatal(err, derr)
	}
	return s, c
}

// TestConn is package net's own conformance suite, between uvnet and itself, and
// crossed with package net at either end.
func TestConn(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		for _, server := range makers {
			for _, client := range makers {
				if server.name == "net" && client.name == "net" {
					continue
				}
				t.Run(network+"/"+server.name+"-"+client.name, func(t *testing.T) {
					uvtest.Watchdog(t, minutes)
					nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
						c1, c2 = connectPair(t, network, server, client)
						return c1, c2, func() { c1.Close(); c2.Close() }, nil
					})
				})
			}
		}
	}
}
