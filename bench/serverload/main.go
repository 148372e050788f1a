// Command serverload is the load on servers that speak TLS, lines or HTTP. It does as little as it
// can for each message: one goroutine, edge-triggered polling, one read and one write, and of
// TLS only the records. So the server's CPU is the bottleneck, not this program's.
//
//	serverload tls|lines|each-line|http|https [flags] HOST:PORT         closed loop; prints a line of JSON
//	serverload tls|lines|each-line|http|https -idle [flags] HOST:PORT   one exchange on each connection,
//	                                                          then "ready N"; keeps them until stdin ends
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"time"
)

// options are the flags.
type options struct {
	idle             bool
	conns            int
	warmup, duration time.Duration
	server           int
	control          string
	work             string // of HTTP
	depth            int    // of HTTP: requests that are sent at once
}

// A result is what a closed loop prints, for harness.ParseLoad.
type result struct {
	Ops       uint64  `json:"ops"` // requests or messages
	Seconds   float64 `json:"seconds"`
	P50       float64 `json:"p50_us"` // of the exchanges whose time counts
	P75       float64 `json:"p75_us"`
	P90       float64 `json:"p90_us"`
	P99       float64 `json:"p99_us"`
	P999      float64 `json:"p999_us"`
	Max       float64 `json:"max_us"`
	ServerCPU float64 `json:"server_cpu_s"`
	ClientCPU float64 `json:"client_cpu_s"`
	Allocs    float64 `json:"allocs,omitempty"`      // of the server for each operation, if it has a control server
	Bytes     float64 `json:"alloc_bytes,omitempty"` // of these
	Stalled   int     `json:"stalled"`               // connections that got no reply inside the window
}

// An exchange is what one connection sends and expects, again and again.
type exchange interface {
	// request returns the bytes of the next request, valid until the next call.
	request() []byte
	// reply takes bytes that have arrived; done if the reply is whole and right.
	reply(p []byte) (done bool, err error)
}

// An untimed exchange says whether the time of the one that is complete counts.
type untimed interface{ timed() bool }

// makers make the exchange of connection number id, whose socket blocks so far.
func makers(kind string, o options, addr netip.AddrPort) (func(fd, id int) (exchange, error), error) {
	switch kind {
	case "tls":
		return overTLS(newEcho), nil
	case "lines":
		return newLines, nil
	case "each-line":
		return newEachLine, nil
	case "http":
		return newWeb(o, addr)
	case "https":
		plain, err := newWeb(o, addr)
		return overTLS(plain), err
	}
	return nil, fmt.Errorf("no kind %q", kind)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("serverload: ")
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	usage := errors.New("usage: serverload tls|lines|each-line|http|https [flags] HOST:PORT")
	if len(args) < 2 {
		return usage
	}
	var o options
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.BoolVar(&o.idle, "idle", false, "keep the connections idle")
	flags.IntVar(&o.conns, "conns", 1, "connections")
	flags.DurationVar(&o.warmup, "warmup", 300*time.Millisecond, "time that does not count")
	flags.DurationVar(&o.duration, "duration", 2*time.Second, "time that counts")
	flags.IntVar(&o.server, "server-pid", 0, "process id of the server, to read its CPU time")
	flags.StringVar(&o.control, "control", "", "`address` of the server's control server, to read what it allocates")
	flags.StringVar(&o.work, "work", "text", "the `work` that HTTP asks for")
	flags.IntVar(&o.depth, "depth", 1, "requests of HTTP that a connection sends at once")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	addr, err := netip.ParseAddrPort(flags.Arg(0))
	if err != nil || !addr.Addr().Is4() || o.conns < 1 || o.depth < 1 {
		return usage
	}
	kind, err := makers(args[0], o, addr)
	if err != nil {
		return err
	}
	l, err := open(kind, addr, o)
	if err != nil {
		return err
	}
	defer l.close()
	if o.idle {
		if err := l.once(); err != nil {
			return err
		}
		fmt.Println("ready", o.conns)
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	}
	r, err := l.measure()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
