// Command serverbench holds the servers that bench-server compares: each on package net, with
// a goroutine for each connection, and on package server with one loop.
//
//	serverbench net|uvgo echo|tls|lines [flags] HOST:PORT
//
// SIGTERM ends it. SIGUSR1 makes it return free memory to the system.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// options are what a server is to do.
type options struct {
	program string
	idle    time.Duration // IdleTimeout, of uvgo's only
	tls     *tls.Config   // nil but for tls
	addr    string
}

// stacks serve until the context ends, and print the address first.
var stacks = map[string]func(ctx context.Context, o options) error{"net": serveNet, "uvgo": serveUVGO}

func main() {
	log.SetFlags(0)
	log.SetPrefix("serverbench: ")
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) (err error) {
	usage := errors.New("usage: serverbench net|uvgo echo|tls|lines [flags] HOST:PORT")
	if len(args) < 3 || stacks[args[0]] == nil {
		return usage
	}
	o := options{program: args[1]}
	flags := flag.NewFlagSet(o.program, flag.ContinueOnError)
	flags.DurationVar(&o.idle, "idle-timeout", 0, "IdleTimeout of package server")
	if err := flags.Parse(args[2:]); err != nil {
		return err
	}
	o.addr = flags.Arg(0)
	switch o.program {
	case "tls":
		if o.tls, err = harness.OwnCertificate(); err != nil {
			return err
		}
	case "echo", "lines":
	default:
		return usage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	harness.FreeOnSignal()
	return stacks[args[0]](ctx, o)
}

// listening tells bench-server the address.
func listening(addr fmt.Stringer) { fmt.Println("listening", addr) }
