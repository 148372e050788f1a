// Socks is a SOCKS5 proxy (RFC 1928) on libuv: it connects clients with IPv4, IPv6 and named targets, and copies both
// ways inside the kernel. Try it:
//
//	cd examples/ecosystem
//	go run ./socks & # when it says listening:
//	curl --proxy socks5h://127.0.0.1:1080 http://example.com/
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/uvnet"
)

// handshakeTimeout is for all that comes before a client's own bytes.
const handshakeTimeout = 30 * time.Second

func main() {
	addr := flag.String("addr", "127.0.0.1:1080", "`address` to listen on; port 0 takes any. Whoever reaches it may use it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr); err != nil {
		log.Fatal(err)
	}
}

// run serves clients until ctx ends, which closes their connections.
func run(ctx context.Context, addr string) error {
	ln, err := uvnet.Listen("tcp", addr) // on package net: net.Listen
	if err != nil {
		return err
	}
	fmt.Println("listening on", ln.Addr())
	context.AfterFunc(ctx, func() { ln.Close() })
	var clients sync.WaitGroup
	defer clients.Wait()
	for {
		c, err := ln.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		clients.Go(func() {
			defer c.Close()
			defer context.AfterFunc(ctx, func() { c.Close() })()
			if err := serve(ctx, c); err != nil && ctx.Err() == nil {
				log.Printf("%s: %v", c.RemoteAddr(), err)
			}
		})
	}
}

// serve does what a client asks for, and returns when both sides have ended.
func serve(ctx context.Context, c net.Conn) error {
	_ = c.SetDeadline(time.Now().Add(handshakeTimeout))
	if err := greet(c); err != nil {
		return err
	}
	target, err := request(c)
	if err != nil {
		return err
	}
	dial, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	t, err := uvnet.DialContext(dial, "tcp", target)
	if err != nil {
		return errors.Join(err, reply(c, codeOf(err), nil))
	}
	defer t.Close()
	defer context.AfterFunc(ctx, func() { t.Close() })()
	if err := reply(c, succeeded, t.LocalAddr()); err != nil {
		return err
	}
	_ = c.SetDeadline(time.Time{})
	var answers sync.WaitGroup
	answers.Go(func() { relay(c, t) })
	relay(t, c)
	answers.Wait()
	return nil
}

// relay copies until src ends, and passes the end on. After an error both sides are of no use.
func relay(dst, src net.Conn) {
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		src.Close()
		return
	}
	_ = dst.(interface{ CloseWrite() error }).CloseWrite() // fails if the peer is gone
}
