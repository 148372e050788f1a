// Tcp-proxy passes connections on to a server. It reads from each side only as fast as the other
// takes it, passes the end of each direction on by itself (half-close), and tells the server in a PROXY header who the
// client is. Behind another proxy it learns that from the header that comes in. Try it:
//
//	nc -l 127.0.0.1 9000
//	go run ./examples/tcp-proxy tcp://127.0.0.1:8888 127.0.0.1:9000
//	nc 127.0.0.1 8888
//
// With -send-proxy the header comes first at the server. It is binary (version 2), so nc shows odd
// characters before the text. With -trust clients have to send a header first, too:
//
//	go run ./examples/tcp-proxy -trust 127.0.0.1 tcp://127.0.0.1:8888 127.0.0.1:9000
//	{ printf 'PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n'; cat; } | nc 127.0.0.1 8888
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/server"
)

// A proxy is the handler of the clients' connections. Each has a connection to the server on the
// same loop. The context of each of the two is the other: its peer.
type proxy struct {
	link
	to   string // where the server is
	send bool   // a PROXY header first
}

// Open connects to the server. Until that is done the client is not read. From then on each of the
// two is read unless the other is full: Data pauses it.
func (p *proxy) Open(c *server.Conn) {
	c.Pause()
	c.ReadWhileFull()
	b, err := c.Dial("tcp", p.to, &backend{proxy: p})
	if err != nil {
		log.Print(err)
		_ = c.Abort()
		return
	}
	c.SetContext(b)
	b.SetContext(c)
}

// A backend is the handler of a connection to the server.
type backend struct {
	link
	proxy *proxy
}

// Open is called when the connection is there.
func (b *backend) Open(c *server.Conn) {
	client := peer(c)
	c.ReadWhileFull()
	if b.proxy.send {
		header, err := server.ProxyHeader(2, client.RemoteAddr(), client.LocalAddr())
		if err == nil {
			_, err = c.Write(header)
		}
		if err != nil {
			log.Print(err)
			_ = c.Abort()
			return
		}
	}
	client.Resume()
}

// Close is called without Open, too, if the server cannot be reached.
func (b *backend) Close(c *server.Conn, err error) {
	if err != nil && err != io.EOF {
		log.Print("server: ", err)
	}
	b.link.Close(c, err)
}

// A link is what the two have in common.
type link struct{}

func peer(c *server.Conn) *server.Conn {
	other, _ := c.Context().(*server.Conn)
	return other
}

// Data passes p on; on one loop that costs no copy. A peer that does not take it as fast becomes
// full. Then this side is not read,
func (link) Data(c *server.Conn, p []byte) {
	to := peer(c)
	_, _ = to.Write(p) // if it fails, Close is called
	if to.Full() {
		c.Pause()
	}
}

// until c, which was full, can take more.
func (link) Drain(c *server.Conn) { peer(c).Resume() }

// EOF passes the end of one direction on. The other goes on; the connections close when both
// have ended.
func (link) EOF(c *server.Conn) { _ = peer(c).CloseWrite() }

// Close ends the other connection, too: after what is queued, or at once after a failure, so
// that nobody takes what has arrived for everything.
func (link) Close(c *server.Conn, err error) {
	other := peer(c)
	switch {
	case other == nil:
	case err == nil || err == io.EOF:
		_ = other.Close()
	default:
		_ = other.Abort()
	}
}

func main() {
	var trust networks
	send := flag.Bool("send-proxy", false, "send a PROXY header to the server")
	flag.Func("trust", "expect PROXY headers, from proxies of `NETWORK`, or of an address; may be repeated", trust.add)
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: tcp-proxy [-send-proxy] [-trust NETWORK] ADDRESS SERVER:PORT")
		os.Exit(2)
	}
	if err := checkServer(flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "tcp-proxy:", err)
		os.Exit(2)
	}
	s := &server.Server{Handler: &proxy{to: flag.Arg(1), send: *send}, IdleTimeout: time.Hour}
	if trust != nil {
		s.ProxyProtocol = server.ProxyProtocol{Mode: server.ProxyRequired, Trusted: trust}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.Listen(flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
	fmt.Println("passing on", s.Addrs()[0], "to", flag.Arg(1))
	if err := s.Serve(ctx); !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}
