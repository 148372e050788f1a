// Tcp-echo sends back all bytes that it receives. Try it:
//
//	go run ./examples/tcp-echo & # when it says listening:
//	nc 127.0.0.1 7000
//
// It uses the loop itself, to show how that works. With package server the same takes
// five lines and uses all cores.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// At high bytes that wait for a client we stop reading from it, at low we go on.
const low, high = 16 << 10, 64 << 10

func main() {
	addr := flag.String("addr", "127.0.0.1:7000", "`address` to listen on; port 0 takes any")
	flag.Parse()

	// Ctrl-C ends ctx. Then Run closes every handle and returns.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := uvgo.Run(ctx, func(l *uvgo.Loop) error { return listen(l, *addr) })
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// listen sets the server up and returns. Then Run turns the loop.
func listen(l *uvgo.Loop, addr string) error {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return err
	}
	srv, err := l.NewTCP()
	if err != nil {
		return err
	}
	if err := srv.Bind(a); err != nil {
		return err
	}
	err = srv.Listen(128, func(c *handles.TCP, err error) {
		if err != nil {
			log.Print("accept: ", err) // such as EMFILE; the listener goes on
			return
		}
		echo(c)
	})
	if err != nil {
		return err
	}
	if a, err = srv.LocalAddr(); err == nil {
		fmt.Println("listening on", a)
	}
	return err
}

// echo serves one client. It needs no lock, because it runs on the loop's goroutine.
func echo(c *handles.TCP) {
	read := func(p []byte, err error) {
		if err == io.EOF { // the client has sent all: Shutdown sends what is queued first
			c.Shutdown(func(error) { c.Close() })
			return
		}
		if err != nil {
			c.Close()
			return
		}
		c.Write(p)    // p is borrowed, but Write does not need it after its return
		if c.Full() { // the client does not read its echoes: stop reading from it
			c.ReadStop()
		}
	}
	c.SetWatermarks(low, high)
	c.OnDrain(func() { c.ReadStart(read) }) // runs for each time that it was full
	c.OnWritten(func(queued int, err error) {
		if err != nil {
			c.Close()
		}
	})
	c.ReadStart(read)
}
