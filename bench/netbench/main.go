// Command netbench holds the programs that bench-net compares. Each runs on package net
// or on uvnet, as the first argument says. There is no other difference.
//
//	netbench net|uvnet http|grpc|source|accept HOST:PORT    servers; SIGTERM ends them
//	netbench net|uvnet call|drain|dial [flags] HOST:PORT    clients; print a line of JSON
//	netbench net|uvnet idle [flags] HOST:PORT               keeps connections until stdin ends
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/uvnet"
)

// A stack is package net or uvnet.
type stack struct {
	listen func(network, address string) (net.Listener, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

var stacks = map[string]stack{
	"net":   {net.Listen, new(net.Dialer).DialContext},
	"uvnet": {uvnet.Listen, uvnet.DialContext},
}

// servers are the programs that serve until the listener is closed.
var servers = map[string]func(ln net.Listener) error{
	"http": serveHTTP, "grpc": serveGRPC, "source": serveSource, "accept": serveAccept,
}

// clients are the programs that put load on a server and return what they measured.
var clients = map[string]func(ctx context.Context, s stack, addr string, o options) (result, error){
	"call": call, "drain": drain, "dial": dial, "idle": idle,
}

// options are the clients' flags.
type options struct {
	conns            int
	warmup, duration time.Duration
	bytes            int64
	server           int
}

// A result is what a client prints.
type result struct {
	Ops       uint64  `json:"ops"`
	Seconds   float64 `json:"seconds"`
	P99       float64 `json:"p99_us"`
	ServerCPU float64 `json:"server_cpu_s"`
	ClientCPU float64 `json:"client_cpu_s"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("netbench: ")
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

// run runs the program on the stack that the arguments name.
func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage: netbench net|uvnet PROGRAM [flags] HOST:PORT")
	}
	s, ok := stacks[args[0]]
	if !ok {
		return fmt.Errorf("no stack %q", args[0])
	}
	flags := flag.NewFlagSet(args[1], flag.ContinueOnError)
	var o options
	flags.IntVar(&o.conns, "conns", 1, "connections or calls at once")
	flags.DurationVar(&o.warmup, "warmup", 300*time.Millisecond, "time that does not count")
	flags.DurationVar(&o.duration, "duration", 2*time.Second, "time that counts")
	flags.Int64Var(&o.bytes, "bytes", 1<<30, "bytes to transfer")
	flags.IntVar(&o.server, "server-pid", 0, "process id of the server, to read its CPU time")
	if err := flags.Parse(args[2:]); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if serve := servers[args[1]]; serve != nil {
		ln, err := s.listen("tcp4", flags.Arg(0))
		if err != nil {
			return err
		}
		fmt.Println("listening", ln.Addr())
		go func() {
			<-ctx.Done()
			ln.Close()
		}()
		if err := serve(ln); ctx.Err() == nil {
			return err
		}
		return nil
	}
	client := clients[args[1]]
	if client == nil {
		return fmt.Errorf("no program %q", args[1])
	}
	r, err := client(ctx, s, flags.Arg(0), o)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
