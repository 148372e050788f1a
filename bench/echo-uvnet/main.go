// Command echo-uvnet is echo-net with its listener on uvnet. There is no other
// difference.
package main

import (
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/uvgo/uvgo/uvnet"
)

const bufferSize = 16 << 10

func main() {
	log.SetFlags(0)
	log.SetPrefix("echo-uvnet: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: echo-uvnet HOST:PORT")
	}
	ln, err := uvnet.Listen("tcp4", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", ln.Addr())

	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		<-term
		ln.Close()
	}()

	for {
		c, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		go echo(c)
	}
}

// echo serves one connection until its end. TCP_NODELAY is net's default.
func echo(c net.Conn) {
	defer c.Close()
	buf := make([]byte, bufferSize)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}
