package uvnet

import (
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestTLSConn runs package net's suite over TLS on uvnet, and over TLS on package
// net for comparison. The cases in which a Write times out are left out: they are
// final for crypto/tls whatever it runs on.
func TestTLSConn(t *testing.T) {
	const inner = "UVNET_TLS_MAKER"
	if i, err := strconv.Atoi(os.Getenv(inner)); err == nil {
		uvtest.Watchdog(t, minutes)
		cert := uvtest.NewAuthority(t).Issue(t, "localhost")
		nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) { return tlsPair(t, makers[i], cert) })
		return
	}
	for i, m := range makers {
		t.Run(m.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestTLSConn$", "-test.skip=TestTLSConn/(PastTimeout|FutureTimeout|ConcurrentMethods)")
			cmd.Env = append(os.Environ(), inner+"="+strconv.Itoa(i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func tlsPair(t testing.TB, m maker, cert tls.Certificate) (c1, c2 net.Conn, stop func(), err error) {
	s, c := connectPair(t, "tcp", m, m)
	server := tls.Server(s, &tls.Config{Certificates: []tls.Certificate{cert}})
	client := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	shaken := make(chan error, 1)
	go func() { shaken <- server.Handshake() }()
	if err := client.Handshake(); err != nil {
		return nil, nil, nil, err
	}
	// Not what is beneath: a Close of the test's own may still be about to close it.
	return server, client, func() { client.Close(); server.Close() }, <-shaken
}
