package httpbench

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// Options are what a server program is told.
type Options struct {
	Work Work
	Addr string
	TLS  *tls.Config // nil without TLS
	Mode string      // what the program itself knows
}

// Main is the main function of a server program. serve serves until the context ends, and calls Listening first.
//
//	PROGRAM [-tls] [-mode MODE] WORK HOST:PORT
//
// SIGTERM ends it. Beside the server it runs the control server.
func Main(serve func(ctx context.Context, o Options) error) {
	harness.Serve(parse, serve)
}

func parse(args []string) (o Options, err error) {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	overTLS := flags.Bool("tls", false, "serve HTTPS")
	flags.StringVar(&o.Mode, "mode", "", "a `mode` of this server")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() != 2 {
		return o, errors.New("usage: [-tls] [-mode MODE] WORK HOST:PORT")
	}
	o.Addr = flags.Arg(1)
	if o.Work, err = FindWork(flags.Arg(0)); err == nil && *overTLS {
		o.TLS, err = harness.OwnCertificate()
	}
	return o, err
}

// Listening starts the control server, and tells bench-http where both listen.
func Listening(addr net.Addr) error {
	control, _, err := startControl()
	if err == nil {
		fmt.Println("listening", addr, control)
	}
	return err
}
