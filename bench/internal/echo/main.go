package echo

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// Options are what a server is told.
type Options struct {
	Network string      // tcp4, udp4 or unix
	Addr    string      // HOST:PORT, or the socket's path
	TLS     *tls.Config // nil without TLS, which runs on tcp4 only
	Buffer  int         // the size of a read, of servers whose author chooses it
}

// URL is the address as packages server and gnet want it.
func (o Options) URL() string {
	if o.TLS != nil {
		return "tls://" + o.Addr
	}
	return o.Network + "://" + o.Addr
}

// ErrNetwork is the error of a server that does not know the network.
var ErrNetwork = errors.New("this server does not know that network")

// smallBuffer holds every message of the benchmarks but the largest. Of a buffer that only ever sees small
// messages, the kernel backs a single page.
const smallBuffer = 16 << 10

// Main is the main function of an echo server. serve serves until the context ends, and calls Listening first.
//
//	PROGRAM [-buffer BYTES] [tcp://|tls://|udp://]HOST:PORT
//	PROGRAM [-buffer BYTES] unix://PATH
//
// SIGTERM ends the server. SIGUSR1 makes it return free memory to the system.
func Main(serve func(ctx context.Context, o Options) error) {
	harness.FreeOnSignal()
	harness.Serve(parse, serve)
}

func parse(args []string) (o Options, err error) {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.IntVar(&o.Buffer, "buffer", smallBuffer, "`bytes` of a read, where the program chooses them")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	usage := errors.New("usage: [-buffer BYTES] [tcp://|tls://|udp://]HOST:PORT or unix://PATH")
	if flags.NArg() != 1 || o.Buffer < 1 {
		return o, usage
	}
	scheme, addr, ok := strings.Cut(flags.Arg(0), "://")
	if !ok {
		scheme, addr = "tcp", scheme
	}
	o.Network, o.Addr = scheme+"4", addr
	switch scheme {
	case "tcp", "udp":
	case "unix":
		o.Network = scheme
	case "tls":
		o.Network = "tcp4"
		o.TLS, err = harness.OwnCertificate()
	default:
		return o, usage
	}
	return o, err
}

// Listening tells the benchmark where the server listens.
func Listening(addr net.Addr) { fmt.Println("listening", addr) }
